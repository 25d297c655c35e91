// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

import dev.fermata.internal.execution.CurrentAction;
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
    suspendUntilDone(0);
    return super.join();
  }

  private void suspendUntilDone(long nanos) {
    if (!isDone() && CurrentAction.isPresent()) {
      CompletableFuture<Void> done = new CompletableFuture<>();
      whenComplete((value, failure) -> done.complete(null));
      try {
        CurrentAction.await(done, nanos);
      } catch (FermataException ended) {
        // A wait takes a place among the calls. Without one it blocks, as any future does.
        if (!isDone() && ended.kind() != ErrorKind.TOO_MANY_CALLS) {
          throw ended;
        }
      }
    }
  }
}
