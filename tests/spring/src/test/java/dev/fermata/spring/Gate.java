// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import dev.fermata.ActionAbortedError;
import dev.fermata.ActionScope;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/**
 * Opens once. Tasks wait for it on any executor: one that is an action is suspended, another blocks
 * its thread; and both are interrupted in the same way.
 */
final class Gate {
  private final CompletableFuture<Void> opened = new CompletableFuture<>();
  private final CountDownLatch parties;

  /** Opens with the first {@link #open}. */
  Gate() {
    this(1);
  }

  /** Opens with the last of so many calls of {@link #open}. */
  Gate(int parties) {
    this.parties = new CountDownLatch(parties);
  }

  void open() {
    parties.countDown();
    if (parties.getCount() == 0) {
      opened.complete(null);
    }
  }

  boolean isOpen() {
    return opened.isDone();
  }

  /**
   * Waits until it is open.
   *
   * @throws Interrupted if the thread is interrupted, or the action cancelled or aborted
   */
  void await() {
    Optional<ActionScope> scope = ActionScope.current();
    try {
      if (scope.isPresent()) {
        scope.get().await(opened, Waiting.LIMIT);
      } else {
        Waiting.get(opened);
      }
    } catch (InterruptedException | ActionAbortedError ended) {
      throw new Interrupted(ended);
    } catch (FermataException failed) {
      throw failed.kind() == ErrorKind.CANCELLED ? new Interrupted(failed) : failed;
    } catch (ExecutionException | TimeoutException failed) {
      throw new AssertionError("the gate did not open", failed);
    }
  }

  /** Waits until it is open, or somebody interrupts the wait; returns whether that happened. */
  boolean awaitInterrupt() {
    try {
      await();
      return false;
    } catch (Interrupted interrupted) {
      return true;
    }
  }

  /** A wait was interrupted. */
  static final class Interrupted extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Interrupted(Throwable cause) {
      super(cause);
    }
  }
}
