// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

import dev.fermata.internal.execution.CurrentAction;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * What an action can wait for, such as one of an {@link ActionLoop}. Valid while the action runs,
 * on the action's own thread; each method throws what the {@link ContinuationActionExecutor} method
 * it stands for throws.
 */
public interface ActionScope {
  /**
   * Returns the scope of an action that an executor runs, for code that is written for any owner.
   *
   * @param executor the executor that runs the action
   * @param context the context of the action
   * @return what the action can wait for
   */
  static ActionScope of(ContinuationActionExecutor executor, ContinuationContext context) {
    return new ExecutorScope(executor, context);
  }

  /**
   * Returns the scope of the action whose code the calling thread runs, for code that is not handed
   * one.
   *
   * @return empty outside an action, and in a supplier that a worker runs
   */
  static Optional<ActionScope> current() {
    ContinuationContext context = (ContinuationContext) CurrentAction.context();
    return context == null
        ? Optional.empty()
        : Optional.of(new ExecutorScope(context.executor(), context));
  }

  /**
   * Runs a supplier on a worker and suspends the action until it is done.
   *
   * @param supplier the blocking code
   * @param <T> type of the value
   * @return what the supplier returned
   * @see ContinuationActionExecutor#executeAsync(ContinuationContext, Supplier)
   */
  <T> T call(Supplier<T> supplier);

  /**
   * As {@link #call(Supplier)}, with a deadline.
   *
   * @param supplier the blocking code
   * @param deadline longest time from now; positive
   * @param <T> type of the value
   * @return what the supplier returned
   * @see ContinuationActionExecutor#executeAsync(ContinuationContext, Supplier, Duration)
   */
  <T> T call(Supplier<T> supplier, Duration deadline);

  /**
   * Runs several suppliers at once and suspends the action one time, until all are done or one has
   * failed.
   *
   * @param suppliers the blocking code
   * @param <T> common type of the values
   * @return their values in the order of the suppliers
   * @see ContinuationActionExecutor#gather(ContinuationContext, List)
   */
  <T> List<T> gather(List<? extends Supplier<? extends T>> suppliers);

  /**
   * Hands a supplier to a worker and goes on; {@link #await} waits for it.
   *
   * @param supplier the blocking code
   * @param <T> type of the value
   * @return completes when the call ends, at the latest with the action
   * @see ContinuationActionExecutor#submit(ContinuationContext, Supplier)
   */
  <T> CompletableFuture<T> submit(Supplier<T> supplier);

  /**
   * As {@link #submit(Supplier)}, with a deadline.
   *
   * @param supplier the blocking code
   * @param deadline longest time from now; positive
   * @param <T> type of the value
   * @return completes when the call ends, at the latest with the action
   * @see ContinuationActionExecutor#submit(ContinuationContext, Supplier, Duration)
   */
  <T> CompletableFuture<T> submit(Supplier<T> supplier, Duration deadline);

  /**
   * Suspends the action until a stage completes; no thread waits.
   *
   * @param stage of an asynchronous API
   * @param <T> type of its value
   * @return what the stage completed with
   * @see ContinuationActionExecutor#await(ContinuationContext, CompletionStage)
   */
  <T> T await(CompletionStage<? extends T> stage);

  /**
   * As {@link #await(CompletionStage)}, with a deadline.
   *
   * @param stage of an asynchronous API
   * @param deadline longest time from now; positive
   * @param <T> type of its value
   * @return what the stage completed with
   * @see ContinuationActionExecutor#await(ContinuationContext, CompletionStage, Duration)
   */
  <T> T await(CompletionStage<? extends T> stage, Duration deadline);

  /**
   * Suspends the action for a time; no thread waits.
   *
   * @param duration how long, not negative
   * @see ContinuationActionExecutor#sleep(ContinuationContext, Duration)
   */
  void sleep(Duration duration);

  /**
   * Returns the context of this action, for methods of the loop's executor.
   *
   * @return this action's context
   */
  ContinuationContext context();
}
