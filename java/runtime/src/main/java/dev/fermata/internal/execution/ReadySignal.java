// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Where the owner parks until a context is ready. One owner waits; any thread wakes.
 *
 * <p>The waiter is published before the port is looked at and a completion is queued before the
 * waiter is looked at, so one of the two sees the other.
 */
final class ReadySignal {
  private volatile Thread waiter;

  /** Unparks the waiting owner, if there is one. Never blocks. */
  void wake() {
    LockSupport.unpark(waiter);
  }

  /**
   * Parks until the condition holds or the limit has passed.
   *
   * @return whether the condition holds
   * @throws InterruptedException if the owner is interrupted before or while it waits
   */
  boolean await(BooleanSupplier condition, Duration limit) throws InterruptedException {
    long end = System.nanoTime() + Deadlines.nanos(limit);
    waiter = Thread.currentThread();
    try {
      while (!condition.getAsBoolean()) {
        if (Thread.interrupted()) {
          throw new InterruptedException("interrupted while waiting for a context to become ready");
        }
        long rest = end - System.nanoTime();
        if (rest <= 0) {
          return false;
        }
        LockSupport.parkNanos(this, rest);
      }
      return true;
    } finally {
      waiter = null;
    }
  }
}
