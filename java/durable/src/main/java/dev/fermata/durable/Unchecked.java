// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

/** Throws what is checked where that is not declared: what user code threw passes as it is. */
final class Unchecked {
  private Unchecked() {}

  /** Throws it, and never returns: the caller writes {@code throw} before it. */
  static RuntimeException rethrow(Throwable thrown) {
    throw Unchecked.<RuntimeException>as(thrown);
  }

  private static <E extends Throwable> RuntimeException as(Throwable thrown) throws E {
    @SuppressWarnings("unchecked")
    E unchecked = (E) thrown;
    throw unchecked;
  }
}
