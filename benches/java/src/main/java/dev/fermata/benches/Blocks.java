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

  /** Calls of a block of {@link #single}. */
  static final int SINGLE_CALLS = 30;

  /** Long enough for workers to park after a call. */
  private static final long PAUSE_NANOS = 20_000;

  private Blocks() {}

  /**
   * Calls one after another, with a pause before each; the median of what the caller waits beyond
   * the time that the call answers.
   */
  static double single(Call call) throws Exception {
    long[] nanos = new long[SINGLE_CALLS];
    for (int i = 0; i < nanos.length; i++) {
      long resumeAt = System.nanoTime() + PAUSE_NANOS;
      while (System.nanoTime() < resumeAt) {
        Thread.onSpinWait();
      }
      long start = System.nanoTime();
      long inside = call.run();
      nanos[i] = System.nanoTime() - start - inside;
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

  /** One call; returns its answer. */
  interface Call {
    long run() throws Exception;
  }

  /** Code that makes calls. */
  interface Code {
    void run() throws Exception;
  }
}
