// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

/**
 * Waits that an interrupt does not end: it is kept, and set again when the waiting is over. Of one
 * thread.
 */
public final class Interruption {
  /** A wait that knows by itself when its time is over. */
  public interface Wait {
    /** Waits, anew after each interrupt. */
    void await() throws InterruptedException;
  }

  private boolean interrupted;

  /** Begins without an interrupt. */
  public Interruption() {}

  /** Waits to the end. */
  public void during(Wait wait) {
    while (true) {
      try {
        wait.await();
        return;
      } catch (InterruptedException caught) {
        interrupted = true;
      }
    }
  }

  /** Interrupts the thread again if it was. */
  public void restore() {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
