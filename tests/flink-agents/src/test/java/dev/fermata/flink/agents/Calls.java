// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.agents.api.context.DurableCallable;
import org.apache.flink.agents.api.context.RunnerContext;

/** The calls of the agents under test; one job at a time. */
final class Calls {
  private static final AtomicInteger BEGUN = new AtomicInteger();
  private static final AtomicInteger IN_FLIGHT = new AtomicInteger();
  private static final AtomicInteger MOST_IN_FLIGHT = new AtomicInteger();
  private static volatile CountDownLatch together;

  private Calls() {}

  /** From now on a call ends once so many have begun; with 0 it ends at once. */
  static void reset(int calls) {
    BEGUN.set(0);
    IN_FLIGHT.set(0);
    MOST_IN_FLIGHT.set(0);
    together = new CountDownLatch(calls);
  }

  static int begun() {
    return BEGUN.get();
  }

  static int mostInFlight() {
    return MOST_IN_FLIGHT.get();
  }

  /** Waits until as many calls as the last reset said have begun. */
  static void awaitBegun() throws InterruptedException {
    AgentJob.await(together);
  }

  /** Counts a call that has begun. */
  static void begin() {
    BEGUN.incrementAndGet();
    together.countDown();
  }

  static String answer(RunnerContext context, String question) throws Exception {
    return call(context, () -> overlapping(question));
  }

  static String call(RunnerContext context, Callable<String> code) throws Exception {
    return context.durableExecuteAsync(new StringCall(code));
  }

  private static String overlapping(String question) throws InterruptedException {
    MOST_IN_FLIGHT.accumulateAndGet(IN_FLIGHT.incrementAndGet(), Math::max);
    begin();
    try {
      awaitBegun();
      return "answer to " + question;
    } finally {
      IN_FLIGHT.decrementAndGet();
    }
  }

  private static final class StringCall implements DurableCallable<String> {
    private final Callable<String> code;

    StringCall(Callable<String> code) {
      this.code = code;
    }

    @Override
    public String getId() {
      return "call";
    }

    @Override
    public Class<String> getResultClass() {
      return String.class;
    }

    @Override
    public String call() throws Exception {
      return code.call();
    }
  }
}
