// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import java.time.Duration;
import java.util.Optional;

/** A model gave no answer; the message names the address and what went wrong. */
final class ModelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Duration retryAfter;

  ModelException(String message) {
    super(message);
    this.retryAfter = null;
  }

  ModelException(String message, Throwable cause) {
    super(message, cause);
    this.retryAfter = null;
  }

  ModelException(String message, Duration retryAfter) {
    super(message);
    this.retryAfter = retryAfter;
  }

  /** How long to wait before asking again; empty if asking again is of no use. */
  Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
