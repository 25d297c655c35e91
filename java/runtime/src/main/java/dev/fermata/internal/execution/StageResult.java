// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/** What a stage completed with, as the result of a call; blocks its thread while there is none. */
final class StageResult<T> implements Supplier<T> {
  private final CompletableFuture<? extends T> stage;

  StageResult(CompletableFuture<? extends T> stage) {
    this.stage = stage;
  }

  /** What the stage failed with is thrown as it is; {@code get} would ask it for its message. */
  @Override
  public T get() {
    awaitEnd();
    try {
      return stage.join();
    } catch (CompletionException failed) {
      Throwable cause = failed.getCause();
      throw CallSite.<RuntimeException>unchecked(cause == null ? failed : cause);
    }
  }

  private void awaitEnd() {
    if (stage.isDone()) {
      return;
    }
    try (StageEnd end = new StageEnd(stage)) {
      end.future().get();
    } catch (ExecutionException impossible) {
      throw new IllegalStateException(impossible);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw Call.cancelled("The wait of an action for a completion stage, interrupted,");
    }
  }
}
