// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import dev.fermata.SuspendingFuture;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A task with its future. Waits, runs at most once, and is over; one that is dropped is over
 * without having run. Its future may end before it: cancelling that interrupts it if asked to.
 * Thread-safe.
 */
final class Task<T> extends SuspendingFuture<T> implements Runnable {
  private final Runnable origin;

  /** Until it has run or never will: the future may be kept for longer than what it refers to. */
  private volatile Callable<T> body;

  private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);
  private volatile CompletableFuture<Void> run;
  private volatile boolean stopped;

  private enum State {
    WAITING,
    RUNNING,
    OVER
  }

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
    if (stopped) {
      running.cancel(true);
    }
  }

  /** Claims the task, to run it; whoever does calls {@link #end}. Returns whether nobody had. */
  boolean begin() {
    return state.compareAndSet(State.WAITING, State.RUNNING);
  }

  void end() {
    state.set(State.OVER);
  }

  /** Cancels the task if it waits still; returns whether it did. */
  boolean drop() {
    boolean waited = state.compareAndSet(State.WAITING, State.OVER);
    if (waited) {
      body = null;
      super.cancel(false);
      stop();
    }
    return waited;
  }

  /** Interrupts the task if it runs, and takes it from its runner if it waits. */
  void stop() {
    stopped = true;
    CompletableFuture<Void> running = run;
    if (running != null) {
      running.cancel(true);
    }
  }

  boolean isWaiting() {
    return state.get() == State.WAITING;
  }

  boolean isOver() {
    return state.get() == State.OVER;
  }

  @Override
  public void run() {
    Callable<T> code = body;
    body = null;
    if (code == null || isCancelled()) {
      return;
    }
    try {
      complete(code.call());
    } catch (Throwable thrown) {
      // As Spring's own executors do, also with a CompletionException: get() takes one off.
      completeExceptionally(new CompletionException(thrown));
    }
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    if (cancelled && !drop() && mayInterruptIfRunning) {
      stop();
    }
    return cancelled;
  }
}
