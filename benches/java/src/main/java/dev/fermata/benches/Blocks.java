// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import java.util.Arrays;

/** Blocks of calls and how each is timed. */
final class Blocks {
  /** Calls in flight at once in a block of {@link #busy}. */
  static final int IN_FLIGHT = 1_000;

  /** Calls of a block of {@link #busy}. */
  static final int BUSY_CALLS = 10_000;

  /** Calls of a block of {@link #idle}. */
  static final int IDLE_CALLS = 30;

  /** Long enough for workers to park after a call. */
  private static final long PAUSE_NANOS = 20_000;

  private Blocks() {}

  /** Calls one after another, with a pause before each; the median as the caller sees it. */
  static double idle(Code call) throws Exception {
    long[] nanos = new long[IDLE_CALLS];
    for (int i = 0; i < nanos.length; i++) {
      long resumeAt = System.nanoTime() + PAUSE_NANOS;
      while (System.nanoTime() < resumeAt) {
        Thread.onSpinWait();
      }
      long start = System.nanoTime();
      call.run();
      nanos[i] = System.nanoTime() - start;
    }
    Arrays.sort(nanos);
    return nanos[nanos.length / 2] / 1e3;
  }

  /** All calls of a block, made by this code; the mean. */
  static double busy(Code allCalls) throws Exception {
    long start = System.nanoTime();
    allCalls.run();
    return (System.nanoTime() - start) / 1e3 / BUSY_CALLS;
  }

  /** What is timed. */
  interface Code {
    void run() throws Exception;
  }
}
