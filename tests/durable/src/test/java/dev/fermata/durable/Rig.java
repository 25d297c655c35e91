// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ActionLoop;
import dev.fermata.Strategy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/** A loop under one strategy, durable actions over a {@link RecordList}, and waits that end. */
final class Rig implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(40);
  private static final String PROPERTY = "fermata.strategy";

  final ActionLoop loop;
  RecordList journal;
  DurableActions actions;
  private UnaryOperator<DurableOptions.Builder> options = builder -> builder;

  Rig(Strategy strategy) {
    this(strategy, builder -> builder);
  }

  Rig(Strategy strategy, UnaryOperator<ActionLoop.Builder> loopOptions) {
    System.setProperty(PROPERTY, strategy.name().toLowerCase(Locale.ROOT));
    try {
      loop = loopOptions.apply(ActionLoop.builder().name("durable").asyncThreads(4)).build();
    } finally {
      System.clearProperty(PROPERTY);
    }
    restart(new RecordList());
  }

  /** What must work on this JDK. */
  static List<Strategy> strategies() {
    List<Strategy> strategies = new ArrayList<>(List.of(Strategy.HANDOFF, Strategy.INLINE));
    int java = Runtime.version().feature();
    if (java >= 21) {
      strategies.add(Strategy.CONTINUATION);
    }
    if (java >= 24) {
      strategies.add(Strategy.VIRTUAL);
    }
    return strategies;
  }

  Rig with(UnaryOperator<DurableOptions.Builder> changed) {
    options = changed;
    restart(journal);
    return this;
  }

  /** The actions of a process that found this journal. */
  void restart(RecordList found) {
    journal = found;
    actions = newActions();
  }

  /** Other actions over the same journal. */
  DurableActions newActions() {
    return new DurableActions(
        journal, Runs.of(journal), options.apply(DurableOptions.builder()).build());
  }

  /** The actions of a process that found what this one has written. */
  void restart() {
    restart(RecordList.of(journal.acknowledged()));
  }

  <R> CompletableFuture<R> start(String id, DurableBody<R> body) {
    return actions.start(loop, id, "input of " + id, body);
  }

  <R> R run(String id, DurableBody<R> body) {
    return join(start(id, body));
  }

  <R> Throwable failureOf(String id, DurableBody<R> body) {
    return failureOf(start(id, body));
  }

  static Throwable failureOf(CompletableFuture<?> future) {
    try {
      join(future);
    } catch (CompletionException failed) {
      return failed.getCause();
    }
    throw new AssertionError("nothing was thrown");
  }

  static <T> T join(CompletableFuture<T> future) {
    return future.orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS).join();
  }

  /** Blocks the thread; an interrupt ends the wait as {@link InterruptedException}. */
  static void await(CountDownLatch latch) throws InterruptedException {
    assertThat(latch.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).as("latch opened").isTrue();
  }

  /** For what gives no signal: looks again and again. */
  static void until(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("still not: %s", what).isLessThan(end);
      Thread.yield();
    }
  }

  @Override
  public void close() {
    loop.close();
  }
}
