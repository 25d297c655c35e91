// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

import dev.fermata.internal.execution.CurrentAction;
import dev.fermata.internal.execution.Interruption;
import dev.fermata.internal.execution.StageEnd;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A future whose {@link #get} and {@link #join} suspend the calling action in place of blocking its
 * owner; so do those of the futures that are derived from it, but not of {@link
 * CompletableFuture#allOf}. On a thread that runs no action they block as ever. Thread-safe.
 *
 * @param <T> type of its value
 */
public class SuspendingFuture<T> extends CompletableFuture<T> {
  /** Creates a future that is not complete. */
  public SuspendingFuture() {}

  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new SuspendingFuture<>();
  }

  /**
   * @throws FermataException if the calling action is cancelled while it waits
   * @throws ActionAbortedError if the action's executor is closed
   */
  @Override
  public T get() throws InterruptedException, ExecutionException {
    requireNoInterrupt();
    suspendUntilDone(0);
    return super.get();
  }

  /**
   * @throws FermataException if the calling action is cancelled while it waits
   * @throws ActionAbortedError if the action's executor is closed
   */
  @Override
  public T get(long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (timeout <= 0) {
      return super.get(timeout, unit);
    }
    requireNoInterrupt();
    try {
      suspendUntilDone(unit.toNanos(timeout));
    } catch (FermataException ended) {
      if (ended.kind() != ErrorKind.TIMED_OUT) {
        throw ended;
      }
      return super.get(0, unit);
    }
    return super.get(timeout, unit);
  }

  /**
   * @throws FermataException if the calling action is cancelled while it waits
   * @throws ActionAbortedError if the action's executor is closed
   */
  @Override
  public T join() {
    Interruption interruption = new Interruption();
    try {
      interruption.during(() -> suspendUntilDone(0));
    } finally {
      interruption.restore();
    }
    return super.join();
  }

  /** An action that is suspended looks at no interrupt, not even at one that came before. */
  private void requireNoInterrupt() throws InterruptedException {
    if (!isDone() && Thread.interrupted()) {
      throw new InterruptedException();
    }
  }

  private void suspendUntilDone(long nanos) throws InterruptedException {
    if (isDone() || !CurrentAction.isPresent()) {
      return;
    }
    try (StageEnd end = new StageEnd(this)) {
      CurrentAction.await(end.future(), nanos);
    } catch (FermataException ended) {
      if (isDone()) {
        return;
      }
      // Where it blocked, for it could not be suspended.
      if (ended.kind() == ErrorKind.CANCELLED
          && !CurrentAction.isCancelled()
          && Thread.interrupted()) {
        throw new InterruptedException();
      }
      // A wait takes a place among the calls. Without one it blocks, as any future does.
      if (ended.kind() != ErrorKind.TOO_MANY_CALLS) {
        throw ended;
      }
    }
  }
}
