// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.util.concurrent.Semaphore;

/** Interrupts a thread a number of times from another one, each as soon as the last was noticed. */
final class Interrupts {
  private final Semaphore noticed = new Semaphore(1);
  private final Thread interrupter;
  private int known;

  Interrupts(Thread target, int times) {
    interrupter =
        new Thread(
            () -> {
              for (int i = 0; i < times; i++) {
                noticed.acquireUninterruptibly();
                target.interrupt();
              }
              noticed.acquireUninterruptibly();
            },
            "interrupter");
    interrupter.setDaemon(true);
    interrupter.start();
  }

  /**
   * Tells how many were noticed so far; lets the next one come.
   *
   * @return whether some are still to be noticed
   */
  boolean next(int seen) {
    noticed.release(seen - known);
    known = seen;
    return interrupter.isAlive();
  }
}
