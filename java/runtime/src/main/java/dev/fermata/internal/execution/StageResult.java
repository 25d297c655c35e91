// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/** What a stage completed with, as the result of a call; blocks its thread while there is none. */
final class StageResult<T> implements Supplier<T> {
  private final CompletableFuture<? extends T> stage;

  StageResult(CompletableFuture<? extends T> stage) {
    this.stage = stage;
  }

  @Override
  public T get() {
    try {
      return stage.get();
    } catch (ExecutionException failed) {
      throw CallSite.<RuntimeException>unchecked(failed.getCause());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw Call.cancelled("The wait of an action for a completion stage, interrupted,");
    }
  }
}
