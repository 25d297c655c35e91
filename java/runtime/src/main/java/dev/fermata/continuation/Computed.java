// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import java.util.Objects;

/** What a function has returned that ran as a continuation; handed out by its last suspension. */
final class Computed {
  final Object value;

  Computed(Object value) {
    this.value = value;
  }

  /** By the value, for a replay that is checked hands out another one. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Computed && Objects.equals(value, ((Computed) other).value);
  }

  @Override
  public int hashCode() {
    return Objects.hashCode(value);
  }

  @Override
  public String toString() {
    return "computed " + value;
  }
}
