// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.FermataExecutorMXBean;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/** The workers of one engine: a body holds one while it runs. Owns the engine. */
final class Workers implements TaskRunner {
  private final ContinuationActionExecutor executor;

  Workers(ContinuationActionExecutor executor) {
    this.executor = executor;
  }

  @Override
  public CompletableFuture<Void> run(Runnable body) {
    try {
      return executor.submit(
          () -> {
            body.run();
            return null;
          });
    } catch (FermataException refused) {
      if (refused.kind().retry() == ErrorKind.Retry.TEMPORARY) {
        throw new RejectedExecutionException(refused.getMessage(), refused);
      }
      throw refused;
    } catch (IllegalStateException closed) {
      throw new RejectedExecutionException(closed.getMessage(), closed);
    }
  }

  @Override
  public List<Runnable> close() {
    return List.of(executor::close);
  }

  @Override
  public List<FermataExecutorMXBean> metrics() {
    return List.of(executor.metrics());
  }
}
