// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Calls that only wait, and the check that each was made, elsewhere. */
final class Answers {
  private final long waitNanos;

  /** Takes how long a call blocks its worker; 0 for not at all. */
  Answers(long waitNanos) {
    this.waitNanos = waitNanos;
  }

  /**
   * A call for the code that runs now, which answers how long it took; it fails if it is run in
   * place, which would be cheap.
   */
  Supplier<Long> supplier() {
    Thread caller = Thread.currentThread();
    return () -> {
      if (Thread.currentThread() == caller) {
        throw new IllegalStateException("The call was run in place; the log says why");
      }
      long start = System.nanoTime();
      if (waitNanos > 0) {
        LockSupport.parkNanos(waitNanos);
      }
      return System.nanoTime() - start;
    };
  }
}
