// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import dev.fermata.SuspendingFuture;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A task with its future. Begins at most once, and not after it was dropped or cancelled;
 * cancelling it interrupts it if asked to. Thread-safe.
 */
final class Task<T> extends SuspendingFuture<T> implements Runnable {
  private final Callable<T> body;
  private final Runnable origin;
  private final AtomicBoolean taken = new AtomicBoolean();
  private volatile CompletableFuture<Void> run;

  /**
   * @param origin what was handed in, or {@code null} for this task
   */
  Task(Callable<T> body, Runnable origin) {
    this.body = body;
    this.origin = origin == null ? this : origin;
  }

  /** What was handed in. */
  Runnable origin() {
    return origin;
  }

  /** Takes what {@link TaskRunner#run} returned. */
  void runsAs(CompletableFuture<Void> running) {
    run = running;
    if (isCancelled()) {
      running.cancel(true);
    }
  }

  /** Claims the task, to begin or to drop it; returns whether nobody had. */
  boolean take() {
    return taken.compareAndSet(false, true);
  }

  /** Whether it has begun, or never will. */
  boolean isTaken() {
    return taken.get();
  }

  @Override
  public void run() {
    if (isCancelled()) {
      return;
    }
    try {
      complete(body.call());
    } catch (CompletionException wrapped) {
      completeExceptionally(wrapped);
    } catch (Throwable thrown) {
      // As those of CompletableFuture.supplyAsync, which Spring's own executors use.
      completeExceptionally(new CompletionException(thrown));
    }
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    CompletableFuture<Void> running = run;
    if (cancelled && running != null && (mayInterruptIfRunning || take())) {
      running.cancel(true);
    }
    return cancelled;
  }
}
