// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import java.io.Serializable;

/**
 * What a function has returned that ran as a continuation; handed out by its last suspension.
 * Serialisable for checked continuations alone, which tell values apart by their bytes.
 */
final class Computed implements Serializable {
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // If it is not serialisable, it is not compared.
  final Object value;

  Computed(Object value) {
    this.value = value;
  }
}
