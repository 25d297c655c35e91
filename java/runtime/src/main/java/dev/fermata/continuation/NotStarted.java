// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

/** The strategy could not run the first slice of a continuation; nothing has happened. */
final class NotStarted extends Exception {
  private static final long serialVersionUID = 1L;

  NotStarted(Throwable cause) {
    super(cause);
  }

  /** Throws what the strategy threw. */
  RuntimeException unchecked() {
    return Run.<RuntimeException>unchecked(getCause());
  }
}
