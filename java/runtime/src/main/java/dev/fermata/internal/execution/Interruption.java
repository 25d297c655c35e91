// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

/** Waits that an interrupt does not end: it is kept, and set again when the waiting is over. */
final class Interruption {
  /** A wait that knows by itself when its time is over. */
  interface Wait {
    void await() throws InterruptedException;
  }

  private boolean interrupted;

  void during(Wait wait) {
    while (true) {
      try {
        wait.await();
        return;
      } catch (InterruptedException caught) {
        interrupted = true;
      }
    }
  }

  void restore() {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
