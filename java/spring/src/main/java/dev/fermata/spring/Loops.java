// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import dev.fermata.ActionLoop;
import dev.fermata.FermataExecutorMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;

/**
 * Loops that take bodies as actions, in turn. Owns them: all are started with the first body, for
 * an executor may never have one.
 */
final class Loops implements TaskRunner {
  private final IntFunction<ActionLoop> starting;
  private final List<ActionLoop> loops = new ArrayList<>();
  private final String name;
  private final int count;
  private final AtomicLong begun = new AtomicLong();
  private int next;
  private boolean closed;

  /**
   * @param name prefix of the names of threads while they run an action
   * @param starting makes a loop, given its number from 1 on
   */
  Loops(String name, int count, IntFunction<ActionLoop> starting) {
    this.name = name;
    this.count = count;
    this.starting = starting;
  }

  @Override
  public CompletableFuture<Void> run(Runnable body) {
    try {
      return next()
          .submit(
              scope -> {
                runNamed(body);
                return null;
              });
    } catch (IllegalStateException closedMeanwhile) {
      throw new RejectedExecutionException(closedMeanwhile.getMessage(), closedMeanwhile);
    }
  }

  /** On a thread that has the executor's name meanwhile, as the workers have it. */
  private void runNamed(Runnable body) {
    Thread thread = Thread.currentThread();
    String threadsName = thread.getName();
    thread.setName(name + "-action-" + begun.incrementAndGet());
    try {
      body.run();
    } finally {
      thread.setName(threadsName);
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
  public synchronized List<Runnable> close() {
    closed = true;
    return loops.stream().<Runnable>map(loop -> loop::close).toList();
  }

  @Override
  public synchronized List<FermataExecutorMXBean> metrics() {
    return loops.stream().map(loop -> loop.executor().metrics()).toList();
  }
}
