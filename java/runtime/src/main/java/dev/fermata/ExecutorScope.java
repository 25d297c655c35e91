// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** What an action of an executor can wait for. Immutable. */
final class ExecutorScope implements ActionScope {
  private final ContinuationActionExecutor executor;
  private final ContinuationContext context;

  ExecutorScope(ContinuationActionExecutor executor, ContinuationContext context) {
    this.executor = executor;
    this.context = context;
  }

  @Override
  public <T> T call(Supplier<T> supplier) {
    return executor.executeAsync(context, supplier);
  }

  @Override
  public <T> T call(Supplier<T> supplier, Duration deadline) {
    return executor.executeAsync(context, supplier, deadline);
  }

  @Override
  public <T> List<T> gather(List<? extends Supplier<? extends T>> suppliers) {
    return executor.gather(context, suppliers);
  }

  @Override
  public <T> CompletableFuture<T> submit(Supplier<T> supplier) {
    return executor.submit(context, supplier);
  }

  @Override
  public <T> CompletableFuture<T> submit(Supplier<T> supplier, Duration deadline) {
    return executor.submit(context, supplier, deadline);
  }

  @Override
  public <T> T await(CompletionStage<? extends T> stage) {
    return executor.await(context, stage);
  }

  @Override
  public <T> T await(CompletionStage<? extends T> stage, Duration deadline) {
    return executor.await(context, stage, deadline);
  }

  @Override
  public void sleep(Duration duration) {
    executor.sleep(context, duration);
  }

  @Override
  public ContinuationContext context() {
    return context;
  }
}
