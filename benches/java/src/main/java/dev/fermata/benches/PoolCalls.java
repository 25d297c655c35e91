// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;

/**
 * A pool of the JDK, driven as it is usually done: {@code submit} and {@code get} for one call at a
 * time, an {@link ExecutorCompletionService} for more.
 */
final class PoolCalls implements Contender {
  private final String name;
  private final ExecutorService pool;
  private final boolean single;
  private final Answers answers;
  private final ExecutorCompletionService<Long> completions;

  PoolCalls(String name, ExecutorService pool, boolean single, Answers answers) {
    this.name = name;
    this.pool = pool;
    this.single = single;
    this.answers = answers;
    completions = new ExecutorCompletionService<>(pool);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public double measure() throws Exception {
    return single
        ? Blocks.single(() -> pool.submit(answers.supplier()::get).get())
        : Blocks.busy(this::complete);
  }

  private void complete() throws Exception {
    int submitted = 0;
    for (int done = 0; done < Blocks.BUSY_CALLS; done++) {
      while (submitted < Blocks.BUSY_CALLS && submitted - done < Blocks.IN_FLIGHT) {
        completions.submit(answers.supplier()::get);
        submitted++;
      }
      completions.take().get();
    }
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }
}
