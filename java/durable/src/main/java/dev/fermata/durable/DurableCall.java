// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * A call that a durable action began and may not have waited for yet. Handed back to the {@link
 * DurableContext} that made it; others refuse it. A call that is open when its action ends is
 * cancelled, and not recorded, unless the action {@linkplain DurableOptions.Builder#forgetOnReturn
 * returned and is kept}.
 *
 * <p>Ended by the thread that ends the call or acknowledges its record, read by the action.
 *
 * @param <T> type of the result
 */
public final class DurableCall<T> {
  private final ActionContext owner;
  private final long place;
  private final String name;
  private final CompletableFuture<T> result = new CompletableFuture<>();
  private final CompletableFuture<Void> end = result.handle((value, failure) -> null);
  private volatile boolean recorded;
  private volatile Throwable failure;
  private volatile long endedNanos;
  private Deadline deadline;

  DurableCall(ActionContext owner, long place, String name) {
    this.owner = owner;
    this.place = place;
    this.name = name;
  }

  /**
   * Returns what the call was named.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  @Override
  public String toString() {
    return "the call '"
        + name
        + "' at place "
        + place
        + " of the action '"
        + owner.actionId()
        + "'";
  }

  ActionContext owner() {
    return owner;
  }

  long place() {
    return place;
  }

  /** The call has an outcome, and each later run will get the same. */
  void end(Outcome<? extends T> outcome) {
    recorded = true;
    end(outcome.value(), outcome.failure());
  }

  /** The call ended, and a later run will not learn the same of it. Nothing if it has an end. */
  void endUnrecorded(Throwable thrown) {
    if (!result.isDone()) {
      recorded = false;
      end(null, thrown);
    }
  }

  private void end(T value, Throwable thrown) {
    endedNanos = System.nanoTime();
    failure = thrown;
    if (thrown == null) {
      result.complete(value);
    } else {
      // Who asks strips one wrapper, and would strip one that the call itself threw.
      result.completeExceptionally(new CompletionException(null, thrown));
    }
  }

  CompletableFuture<T> result() {
    return result;
  }

  /** Completes when the call has ended, never exceptionally. */
  CompletableFuture<Void> end() {
    return end;
  }

  boolean isRecorded() {
    return recorded;
  }

  /** What the call that ended threw, or null. */
  Throwable failure() {
    return failure;
  }

  /** When the call ended, by {@link System#nanoTime}. */
  long endedNanos() {
    return endedNanos;
  }

  /** The deadline that the action itself keeps, or null. */
  Deadline deadline() {
    return deadline;
  }

  void deadline(Deadline limit) {
    deadline = limit;
  }
}
