// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Waits on the calling thread. */
final class BlockingScope implements TriageScope {
  @Override
  public <T> Answer<T> call(
      String name, Class<T> type, Supplier<CompletableFuture<Answer<T>>> call) {
    return await(call.get());
  }

  /**
   * Waits for an answer on the calling thread.
   *
   * @throws ModelException if the model gave none
   */
  static <T> Answer<T> await(CompletableFuture<Answer<T>> answer) {
    try {
      return answer.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ModelException) {
        throw (ModelException) e.getCause();
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ModelException("interrupted while waiting for an answer", e);
    }
  }

  @Override
  public void sleep(Duration duration) {
    try {
      TimeUnit.NANOSECONDS.sleep(duration.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ModelException("interrupted while waiting for a busy model", e);
    }
  }
}
