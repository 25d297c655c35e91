// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Threads of actions that found the queue of calls full: backpressure. A worker that takes a call
 * wakes them all, and those that find the queue full again ask again, so no free place is missed.
 */
final class SpaceWaiters {
  private final Queue<Thread> waiting = new ConcurrentLinkedQueue<>();

  /**
   * Tries until it succeeds, the thread is interrupted or the time is over, parked between tries.
   *
   * @param attempt is called again whenever a place may be free
   * @param endNanos of {@link System#nanoTime}
   * @return false if interrupted, the interrupt status is kept, or if the time is over
   */
  boolean retry(BooleanSupplier attempt, long endNanos) {
    Thread thread = Thread.currentThread();
    waiting.add(thread);
    try {
      while (!attempt.getAsBoolean()) {
        long rest = endNanos - System.nanoTime();
        if (thread.isInterrupted() || rest <= 0) {
          return false;
        }
        LockSupport.parkNanos(this, rest);
      }
      return true;
    } finally {
      waiting.remove(thread);
    }
  }

  /** Wakes all that wait. Never blocks. */
  void wakeAll() {
    waiting.forEach(LockSupport::unpark);
  }
}
