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
   * Tries until it succeeds or the thread is interrupted, parked between tries.
   *
   * @return false if interrupted; the interrupt status is kept
   */
  boolean retry(BooleanSupplier attempt) {
    Thread thread = Thread.currentThread();
    waiting.add(thread);
    try {
      while (!attempt.getAsBoolean()) {
        if (thread.isInterrupted()) {
          return false;
        }
        LockSupport.park(this);
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
