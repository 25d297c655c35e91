// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.FermataExecutorMXBean;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * Actions where nothing can be suspended: each runs from its beginning to its end on a worker. One
 * loop for all would run them one after another.
 */
final class PooledActions implements TaskRunner {
  private final Workers workers;
  private final ContinuationActionExecutor inline;

  /**
   * @param inline runs actions on the threads that bring them; owned from now on
   */
  PooledActions(Workers workers, ContinuationActionExecutor inline) {
    this.workers = workers;
    this.inline = inline;
  }

  @Override
  public CompletableFuture<Void> run(Runnable body) {
    return workers.run(() -> inline.executeAction(new ContinuationContext(), body));
  }

  @Override
  public List<Runnable> close() {
    return Stream.concat(Stream.of(inline::close), workers.close().stream()).toList();
  }

  @Override
  public List<FermataExecutorMXBean> metrics() {
    return workers.metrics();
  }
}
