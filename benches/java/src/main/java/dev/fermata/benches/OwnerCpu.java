// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The processor time of an owner thread while calls are pending, in percent of one core over a
 * fixed time: Fermata's owner, which parks, and one that polls by putting what is not done back
 * into its queue.
 *
 * <pre>OwnerCpu WINDOWS PENDING...   samples of {@value #WINDOW_MILLIS} ms each, calls pending
 * </pre>
 */
public final class OwnerCpu {
  private static final int WINDOW_MILLIS = 250;

  /** Under {@link Strategy#HANDOFF} each action is a thread. */
  private static final int MAX_CARRIERS = 2_000;

  private static final int WORKERS = 4;
  private static final int TRICKLE_PER_SECOND = 100;
  private static final Duration LONG = Duration.ofHours(1);

  private final int pending;
  private final int windows;

  private OwnerCpu(int pending, int windows) {
    this.pending = pending;
    this.windows = windows;
  }

  public static void main(String[] args) throws Exception {
    Map<Strategy, OwnerKind> owners = Owners.kinds();
    for (int i = 1; i < args.length; i++) {
      OwnerCpu benchmark = new OwnerCpu(Integer.parseInt(args[i]), Integer.parseInt(args[0]));
      for (Map.Entry<Strategy, OwnerKind> owner : owners.entrySet()) {
        benchmark.sleeps(owner.getKey(), owner.getValue());
        benchmark.poolCalls(owner.getKey(), owner.getValue());
      }
      benchmark.polling();
    }
  }

  private int actions(Strategy strategy) {
    return strategy == Strategy.HANDOFF ? Math.min(pending, MAX_CARRIERS) : pending;
  }

  /** First nothing is due, then {@value #TRICKLE_PER_SECOND} sleeps a second are. */
  private void sleeps(Strategy strategy, OwnerKind kind) throws InterruptedException {
    int actions = actions(strategy);
    try (ContinuationActionExecutor executor = executor(kind)) {
      for (int i = 0; i < actions; i++) {
        begin(executor, context -> executor.sleep(context, LONG));
      }
      measure("sleeping", strategy, actions, () -> drive(executor));
    }
    try (ContinuationActionExecutor executor = executor(kind)) {
      Duration period = Duration.ofSeconds(1).multipliedBy(actions).dividedBy(TRICKLE_PER_SECOND);
      for (int i = 0; i < actions; i++) {
        Duration first = period.multipliedBy(i).dividedBy(actions);
        begin(
            executor,
            context -> {
              executor.sleep(context, first);
              while (true) {
                executor.sleep(context, period);
              }
            });
      }
      measure(TRICKLE_PER_SECOND + " done a second", strategy, actions, () -> drive(executor));
    }
  }

  /** Calls that run or wait for a worker. */
  private void poolCalls(Strategy strategy, OwnerKind kind) throws InterruptedException {
    CountDownLatch release = new CountDownLatch(1);
    Supplier<Object> blocking =
        () -> {
          try {
            release.await();
          } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
          }
          return null;
        };
    int actions = actions(strategy);
    List<Supplier<Object>> calls = Collections.nCopies(pending / actions, blocking);
    try (ContinuationActionExecutor executor = executor(kind)) {
      for (int i = 0; i < actions; i++) {
        begin(executor, context -> executor.gather(context, calls));
      }
      measure("calls", strategy, pending, () -> drive(executor));
      release.countDown();
    }
  }

  private static ContinuationActionExecutor executor(OwnerKind kind) {
    return ContinuationActionExecutor.builder().ownerKind(kind).asyncThreads(WORKERS).build();
  }

  private static void begin(ContinuationActionExecutor executor, WaitingCode code) {
    Waiting context = new Waiting(code);
    if (executor.executeAction(context, context)) {
      throw new IllegalStateException("The action ended instead of waiting");
    }
  }

  private static void drive(ContinuationActionExecutor executor) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WINDOW_MILLIS);
    for (long rest; (rest = end - System.nanoTime()) > 0; ) {
      if (executor.awaitReady(Duration.ofNanos(rest))) {
        for (ContinuationContext ready : executor.drainReady()) {
          executor.executeAction(ready, (Waiting) ready);
        }
      }
    }
  }

  private void polling() throws InterruptedException {
    Queue<CompletableFuture<?>> polled = new ArrayDeque<>();
    Queue<CompletableFuture<?>> open = new ConcurrentLinkedQueue<>();
    for (int i = 0; i < pending; i++) {
      CompletableFuture<?> future = new CompletableFuture<>();
      polled.add(future);
      open.add(future);
    }
    ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
    timer.scheduleAtFixedRate(
        () -> open.remove().complete(null),
        0,
        TimeUnit.SECONDS.toNanos(1) / TRICKLE_PER_SECOND,
        TimeUnit.NANOSECONDS);
    measure(
        TRICKLE_PER_SECOND + " done a second",
        "polling loop",
        pending,
        () -> {
          long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(WINDOW_MILLIS);
          while (System.nanoTime() < end) {
            CompletableFuture<?> future = polled.remove();
            if (future.isDone()) {
              future = new CompletableFuture<>();
              open.add(future);
            }
            polled.add(future);
          }
        });
    timer.shutdownNow();
  }

  private void measure(String waiting, Strategy strategy, int count, Window window)
      throws InterruptedException {
    measure(waiting, "Fermata " + Owners.nameOf(strategy), count, window);
  }

  private void measure(String waiting, String owner, int count, Window window)
      throws InterruptedException {
    window.run();
    for (int i = 0; i < windows; i++) {
      long wall = System.nanoTime();
      long cpu = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
      window.run();
      cpu = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - cpu;
      wall = System.nanoTime() - wall;
      Samples.print("owner " + pending, owner + "\t" + waiting + "\t" + count, 100.0 * cpu / wall);
    }
  }

  private interface Window {
    void run() throws InterruptedException;
  }

  private interface WaitingCode {
    void run(ContinuationContext context);
  }

  private static final class Waiting extends ContinuationContext implements Runnable {
    private final WaitingCode code;

    Waiting(WaitingCode code) {
      this.code = code;
    }

    @Override
    public void run() {
      code.run(this);
    }
  }
}
