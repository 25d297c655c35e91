// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import java.io.Serializable;
import java.util.Objects;

/**
 * What a function has returned that ran as a continuation; handed out by its last suspension.
 * Serialisable and comparable for checked continuations alone, which compare what is handed out.
 */
final class Computed implements Serializable {
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // If it is not serialisable, it is not compared.
  final Object value;

  Computed(Object value) {
    this.value = value;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Computed && Objects.deepEquals(value, ((Computed) other).value);
  }

  @Override
  public int hashCode() {
    return Objects.hashCode(value);
  }
}
