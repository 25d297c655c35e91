// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

/**
 * Lets any thread interrupt an action without striking what runs on the same thread before or after
 * it: an interrupt is sent only between the begin and the end of a slice. Safe for all threads.
 */
final class InterruptGate {
  private boolean open;
  private boolean pending;
  private Thread runner;

  /** A slice was asked for; its thread is not known yet. */
  synchronized void open() {
    open = true;
  }

  /** A slice begins on the calling thread. */
  synchronized void enter() {
    open = true;
    runner = Thread.currentThread();
    if (pending) {
      pending = false;
      runner.interrupt();
    }
  }

  /** The slice has ended: no interrupt reaches the thread any more. */
  synchronized void exit() {
    open = false;
    runner = null;
  }

  /**
   * Interrupts the slice that runs or was asked for.
   *
   * @return {@code false} if there is none
   */
  synchronized boolean interruptSlice() {
    if (!open) {
      return false;
    }
    interruptNowOrNext();
    return true;
  }

  /** Interrupts the slice that runs, or else the next one when it begins. */
  synchronized void interruptNowOrNext() {
    if (runner == null) {
      pending = true;
    } else {
      runner.interrupt();
    }
  }
}
