// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import dev.fermata.Strategy;
import dev.fermata.internal.observe.ExecutorView;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * How the actions of one executor are run: {@link SuspendingExecution} where actions can be
 * suspended, {@link InPlaceExecution} where they cannot. The contract of each method is the one of
 * the executor's method of that name.
 */
public interface ActionExecution extends ExecutorView {
  /** The strategy in use. */
  Strategy strategy();

  /** Why this strategy is the one in use, a sentence. */
  String reason();

  /** Runs or resumes the action; true when it ended. */
  boolean executeAction(ActionState state, Runnable body);

  /** Runs one supplier for the action; a deadline of 0 is none. */
  <T> T executeAsync(ActionState state, Supplier<? extends T> supplier, long deadlineNanos);

  /** Runs several suppliers for the action and suspends it once. */
  <T> List<T> gather(
      ActionState state, List<? extends Supplier<? extends T>> suppliers, long deadlineNanos);

  /** Hands a supplier of the action to a worker; a deadline of 0 is none. */
  <T> CompletableFuture<T> submit(
      ActionState state, Supplier<? extends T> supplier, long deadlineNanos);

  /** Hands a supplier of no action to a worker; a deadline of 0 is none. */
  <T> CompletableFuture<T> submit(Supplier<? extends T> supplier, long deadlineNanos);

  /** Lets the action wait for something outside; a deadline of 0 is none. */
  <T> T await(ActionState state, CompletableFuture<? extends T> stage, long deadlineNanos);

  /** Lets the action wait without a worker. */
  void sleep(ActionState state, long nanos);

  /** Ends the current and each later wait of the action. */
  void cancel(ActionState state);

  /** Waits until a context is ready. */
  boolean awaitReady(Duration limit) throws InterruptedException;

  /** Whether a context is ready, without waiting. */
  boolean hasReady();

  /** Takes the contexts that became ready. */
  List<ActionState> drainReady();

  /** Whether the calling thread runs an action or a call of this execution. */
  boolean isInside();

  /** Aborts what is suspended and ends every thread. */
  void close();
}
