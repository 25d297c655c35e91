// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import dev.fermata.ActionLoop;
import dev.fermata.FermataExecutorMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.IntFunction;

/**
 * Loops that take bodies as actions, in turn. Owns them: all are started with the first body, for
 * an executor may never have one.
 */
final class Loops implements TaskRunner {
  private final IntFunction<ActionLoop> starting;
  private final List<ActionLoop> loops = new ArrayList<>();
  private final int count;
  private int next;
  private boolean closed;

  /**
   * @param starting makes a loop, given its number from 1 on
   */
  Loops(int count, IntFunction<ActionLoop> starting) {
    this.count = count;
    this.starting = starting;
  }

  @Override
  public CompletableFuture<Void> run(Runnable body) {
    try {
      return next()
          .submit(
              scope -> {
                body.run();
                return null;
              });
    } catch (IllegalStateException closedMeanwhile) {
      throw new RejectedExecutionException(closedMeanwhile.getMessage(), closedMeanwhile);
    }
  }

  private synchronized ActionLoop next() {
    if (closed) {
      throw new RejectedExecutionException("the executor is shut down");
    }
    while (loops.size() < count) {
      loops.add(starting.apply(loops.size() + 1));
    }
    next = (next + 1) % count;
    return loops.get(next);
  }

  @Override
  public void close() {
    List<ActionLoop> closing;
    synchronized (this) {
      closed = true;
      closing = List.copyOf(loops);
    }
    closing.forEach(ActionLoop::close);
  }

  @Override
  public synchronized List<FermataExecutorMXBean> metrics() {
    return loops.stream().map(loop -> loop.executor().metrics()).toList();
  }
}
