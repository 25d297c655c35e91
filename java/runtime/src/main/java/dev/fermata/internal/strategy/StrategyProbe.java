// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import dev.fermata.Strategy;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Tries out a strategy in the running JVM: can an action be suspended, and is it safe while it
 * holds a monitor? Runs on a daemon thread of its own, which is given up if it does not come back:
 * a strategy that does not work can stop its owner for good.
 */
final class StrategyProbe {
  /** What a probe found: the factory of a strategy, and why it does not work or {@code null}. */
  static final class Result {
    final StrategyFactory factory;
    final String failure;

    private Result(StrategyFactory factory, String failure) {
      this.factory = factory;
      this.failure = failure;
    }
  }

  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final long LOOK_MILLIS = 2;

  private final Supplier<StrategyFactory> opener;
  private final CompletableFuture<Result> result = new CompletableFuture<>();

  /** The action that was last seen about to park under a monitor, until its owner is back. */
  private volatile SuspendableAction parking;

  private StrategyProbe(Supplier<StrategyFactory> opener) {
    this.opener = opener;
  }

  /**
   * Opens a strategy and tries it out. Waits for the result, ten seconds at most.
   *
   * @param opener called on the probe's thread; throws {@link UnsupportedOperationException} with a
   *     message if the strategy cannot be opened
   */
  static Result run(Supplier<StrategyFactory> opener) {
    StrategyProbe probe = new StrategyProbe(opener);
    Thread thread = new Thread(null, probe::tryOut, "fermata-probe", 0, false);
    thread.setDaemon(true);
    thread.setContextClassLoader(StrategyProbe.class.getClassLoader());
    thread.start();
    return probe.await(thread);
  }

  private void tryOut() {
    StrategyFactory factory;
    try {
      factory = opener.get();
    } catch (UnsupportedOperationException unavailable) {
      fail(unavailable.getMessage());
      return;
    }
    try {
      SuspensionStrategy strategy = factory.create(LIMIT);
      try {
        result.complete(new Result(factory, firstFailure(strategy)));
      } finally {
        strategy.close();
      }
    } catch (RuntimeException | InterruptedException | LinkageError e) {
      fail("trying it out failed: " + e);
    }
  }

  private String firstFailure(SuspensionStrategy strategy) throws InterruptedException {
    Trial free = new Trial(strategy);
    free.run(free::suspendIfNotPinned);
    if (free.pin != Pin.NONE) {
      return "an action that holds no monitor is pinned";
    }
    if (!free.suspended) {
      return "an action was not suspended and resumed";
    }
    Object inflated = new Object();
    synchronized (inflated) {
      inflated.wait(1);
    }
    for (Object monitor : new Object[] {new Object(), inflated}) {
      Trial holding = new Trial(strategy);
      holding.run(() -> holding.suspendUnder(monitor));
      if (holding.pin == Pin.NONE && !holding.suspended) {
        return "it cannot be told whether an action holds a monitor";
      }
    }
    return null;
  }

  private Result await(Thread thread) {
    long start = System.nanoTime();
    boolean interrupted = false;
    int blockedLooks = 0;
    while (!result.isDone()) {
      try {
        thread.join(LOOK_MILLIS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
      SuspendableAction action = parking;
      boolean blocked = action != null && thread.getState() == Thread.State.WAITING;
      blockedLooks = blocked ? blockedLooks + 1 : 0;
      if (blockedLooks > 2) {
        fail("a virtual thread that parks under a monitor blocks its owner");
        action.wake();
      } else if (System.nanoTime() - start > LIMIT.toNanos()) {
        fail("it did not answer within " + LIMIT.toSeconds() + " s");
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return result.join();
  }

  private void fail(String failure) {
    result.complete(new Result(null, failure));
  }

  /** One action of a strategy that is tried out, and what became of it. */
  private final class Trial {
    private final SuspensionStrategy strategy;
    private SuspendableAction action;
    private Pin pin;
    private boolean suspended;

    Trial(SuspensionStrategy strategy) {
      this.strategy = strategy;
    }

    void run(Runnable body) {
      action = strategy.start(body, () -> {});
      boolean ended = action.runSlice();
      parking = null;
      if (!ended) {
        action.wake();
        suspended = action.runSlice();
      }
    }

    void suspendIfNotPinned() {
      pin = action.pin();
      if (pin == Pin.NONE) {
        action.suspend();
      }
    }

    /** Only a virtual thread may be suspended under a monitor: with others it stays a question. */
    void suspendUnder(Object monitor) {
      synchronized (monitor) {
        pin = action.pin();
        if (pin == Pin.NONE && strategy.kind() == Strategy.VIRTUAL) {
          parking = action;
          action.suspend();
        }
      }
    }
  }
}
