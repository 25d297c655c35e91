// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.flink.CallOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/**
 * Calls of asynchronous code: begun on the owner, inside the action, and then held by no thread.
 */
final class StageCalls<T> extends CallAttempts<T, Supplier<? extends CompletionStage<T>>> {
  StageCalls(
      ContinuationActionExecutor executor,
      ContinuationContext action,
      CallOptions options,
      TypeSerializer<T> serializer) {
    super(executor, action, options, serializer);
  }

  @Override
  void make(List<Attempt> attempts) {
    List<CompletableFuture<T>> stages = new ArrayList<>(attempts.size());
    try {
      List<CompletableFuture<Void>> ends = new ArrayList<>(attempts.size());
      for (Attempt attempt : attempts) {
        CompletableFuture<T> stage = begin(attempt);
        stages.add(stage);
        ends.add(stage.handle((value, failure) -> end(attempt, value, failure)));
      }
      await(CompletableFuture.allOf(ends.toArray(new CompletableFuture<?>[0])));
    } finally {
      // Those whose deadline passed, or whose action ends.
      stages.forEach(stage -> stage.cancel(true));
    }
  }

  private CompletableFuture<T> begin(Attempt attempt) {
    try {
      return attempt.call().get().toCompletableFuture();
    } catch (RuntimeException thrown) {
      return CompletableFuture.failedFuture(thrown);
    }
  }

  /** On the thread that completes the stage. */
  private Void end(Attempt attempt, T value, Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause == null) {
      attempt.returned(value);
    } else if (cause instanceof Exception) {
      attempt.threw((Exception) cause);
    } else {
      throw new CompletionException(cause);
    }
    return null;
  }

  private void await(CompletableFuture<Void> ends) {
    if (options.deadline() == null) {
      executor.await(action, ends);
    } else {
      executor.await(action, ends, options.deadline());
    }
  }
}
