// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.continuation;

import java.util.function.BooleanSupplier;

/** One slice that a carrier runs, and how it went; its caller asks when it is over. */
final class CarriedSlice implements Runnable {
  private final BooleanSupplier slice;
  private boolean ended;
  private RuntimeException failure;
  private Error error;

  CarriedSlice(BooleanSupplier slice) {
    this.slice = slice;
  }

  @Override
  public void run() {
    try {
      ended = slice.getAsBoolean();
    } catch (RuntimeException thrown) {
      failure = thrown;
    } catch (Error thrown) {
      error = thrown;
    }
  }

  /** Whether the body has ended; throws what the slice threw. */
  boolean hasEnded() {
    if (failure != null) {
      throw failure;
    }
    if (error != null) {
      throw error;
    }
    return ended;
  }
}
