// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.e2e;

import dev.fermata.ActionLoop;
import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.Strategy;
import dev.fermata.testing.Waiting;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A program that runs the same actions under four owners, one after the other. Each action makes
 * one call and prints {@code RANGE owner action begin end}; each owner prints {@code STRATEGY owner
 * strategy}. Its argument is the number of actions.
 */
public final class OverlappingActions {
  private enum Owner {
    LOOP,
    WAKER,
    AWAIT_READY,
    POLLING
  }

  private final Owner owner;
  private final int actions;
  private CyclicBarrier allCalls;

  private OverlappingActions(Owner owner, int actions) {
    this.owner = owner;
    this.actions = actions;
  }

  public static void main(String[] arguments) throws Exception {
    for (Owner owner : Owner.values()) {
      OverlappingActions program = new OverlappingActions(owner, Integer.parseInt(arguments[0]));
      if (owner == Owner.LOOP) {
        program.runOnLoop();
      } else {
        program.runOnMailbox();
      }
    }
  }

  private void runOnLoop() {
    try (ActionLoop loop = ActionLoop.builder().asyncThreads(actions).build()) {
      begin(loop.executor().strategy());
      List<CompletableFuture<Void>> done = new ArrayList<>();
      for (int i = 0; i < actions; i++) {
        int number = i;
        done.add(
            loop.submit(
                scope -> {
                  print(number, scope.call(this::call));
                  return null;
                }));
      }
      done.forEach(future -> future.orTimeout(1, TimeUnit.MINUTES).join());
    }
  }

  private void runOnMailbox() throws InterruptedException {
    BlockingQueue<String> mailbox = new LinkedBlockingQueue<>();
    ContinuationActionExecutor.Builder builder =
        ContinuationActionExecutor.builder().asyncThreads(actions);
    if (owner == Owner.WAKER) {
      builder.waker(() -> mailbox.add("contexts are ready"));
    }
    try (ContinuationActionExecutor executor = builder.build()) {
      begin(executor.strategy());
      Map<ContinuationContext, Runnable> suspended = new LinkedHashMap<>();
      for (int i = 0; i < actions; i++) {
        int number = i;
        ContinuationContext context = new ContinuationContext();
        Runnable action = () -> print(number, executor.executeAsync(context, this::call));
        if (!executor.executeAction(context, action)) {
          suspended.put(context, action);
        }
      }
      switch (owner) {
        case WAKER:
          drain(executor, suspended);
          while (!suspended.isEmpty()) {
            if (mailbox.poll(1, TimeUnit.MINUTES) == null) {
              throw new AssertionError("no mail came");
            }
            drain(executor, suspended);
          }
          break;
        case AWAIT_READY:
          while (!suspended.isEmpty()) {
            if (!executor.awaitReady(Waiting.LIMIT)) {
              throw new AssertionError("no context became ready");
            }
            drain(executor, suspended);
          }
          break;
        default:
          poll(executor, suspended);
      }
    }
  }

  private static void drain(
      ContinuationActionExecutor executor, Map<ContinuationContext, Runnable> suspended) {
    for (ContinuationContext context : executor.drainReady()) {
      if (executor.executeAction(context, suspended.get(context))) {
        suspended.remove(context);
      }
    }
  }

  /** As owners do that know nothing of readiness: try each in turn until it has ended. */
  private static void poll(
      ContinuationActionExecutor executor, Map<ContinuationContext, Runnable> suspended) {
    Queue<Map.Entry<ContinuationContext, Runnable>> turns = new ArrayDeque<>(suspended.entrySet());
    while (!turns.isEmpty()) {
      Map.Entry<ContinuationContext, Runnable> next = turns.remove();
      if (!executor.executeAction(next.getKey(), next.getValue())) {
        turns.add(next);
      }
    }
  }

  private void begin(Strategy strategy) {
    System.out.println("STRATEGY " + owner + " " + strategy);
    allCalls = strategy == Strategy.INLINE ? null : new CyclicBarrier(actions);
  }

  /** The call of every action: meets those of all others, unless calls are known to be serial. */
  private long[] call() {
    long begin = System.nanoTime();
    if (allCalls != null) {
      Waiting.await(allCalls);
    }
    return new long[] {begin, System.nanoTime()};
  }

  private void print(int action, long[] range) {
    System.out.println("RANGE " + owner + " " + action + " " + range[0] + " " + range[1]);
  }
}
