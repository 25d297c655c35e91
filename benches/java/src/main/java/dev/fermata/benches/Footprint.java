// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.OwnerKind;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * What something that waits holds: heap after a collection, and memory of the process outside the
 * heap. Then it allocates garbage, so that the pauses in the JVM's log of its collections can be
 * told apart by what was suspended meanwhile: it prints the JVM's uptime at each phase.
 *
 * <p>Run it with a heap of fixed size that is touched beforehand; else the growth of the heap
 * counts as memory outside it.
 *
 * <pre>
 * Footprint WHAT COUNT CHURN_MILLIS   WHAT: MAILBOX or LOOP (actions), platform or virtual (threads)
 * </pre>
 */
public final class Footprint {
  private static final int DEPTH = 10;
  private static final Duration LONG = Duration.ofHours(1);
  private static final Path STATUS = Path.of("/proc/self/status");

  private static volatile Object sink;

  private Footprint() {}

  public static void main(String[] args) throws Exception {
    int count = Integer.parseInt(args[1]);
    int churnMillis = Integer.parseInt(args[2]);
    Waiters waiters = waiters(args[0]);
    waiters.begin(10);
    churn(churnMillis);

    collect();
    long heap = heapUsed();
    long resident = resident();
    phase("churn without");
    churn(churnMillis);
    phase("begin");
    long start = System.nanoTime();
    waiters.begin(count);
    double beginMicros = (System.nanoTime() - start) / 1e3 / count;
    phase("collect");
    collect();
    phase("measure");
    Samples.print("heap", waiters.name, (heapUsed() - heap) / (double) count);
    Samples.print("resident", waiters.name, (resident() - resident) / (double) count);
    Samples.print("begin", waiters.name, beginMicros);
    phase("churn with");
    churn(churnMillis);
    phase("end");
    // Not closed: that is another benchmark, and every thread is a daemon.
    System.exit(0);
  }

  private static Waiters waiters(String what) {
    switch (what) {
      case "platform":
        return new Waiters("platform threads", () -> start(new Thread(Footprint::sleepLong)));
      case "virtual":
        return new Waiters("virtual threads", Footprint::startVirtualThread);
      default:
        ContinuationActionExecutor executor =
            ContinuationActionExecutor.builder().ownerKind(OwnerKind.valueOf(what)).build();
        return new Waiters(
            "Fermata " + Owners.nameOf(executor.strategy()), () -> suspendAction(executor));
    }
  }

  private static void suspendAction(ContinuationActionExecutor executor) {
    ContinuationContext context = new ContinuationContext();
    if (executor.executeAction(context, () -> deepen(DEPTH, () -> executor.sleep(context, LONG)))) {
      throw new IllegalStateException("The action ended instead of waiting");
    }
  }

  private static void start(Thread thread) {
    thread.setDaemon(true);
    thread.start();
  }

  /** By reflection, as this class is compiled for Java 11. */
  private static void startVirtualThread() {
    try {
      Thread.class
          .getMethod("startVirtualThread", Runnable.class)
          .invoke(null, (Runnable) Footprint::sleepLong);
    } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException missing) {
      throw new IllegalStateException("virtual threads need Java 21", missing);
    }
  }

  private static void sleepLong() {
    deepen(
        DEPTH,
        () -> {
          try {
            Thread.sleep(LONG.toMillis());
          } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private static void deepen(int left, Runnable innermost) {
    if (left > 1) {
      deepen(left - 1, innermost);
    } else {
      innermost.run();
    }
  }

  /** Garbage, and a little that lives for a while. */
  private static void churn(int millis) {
    long end = System.nanoTime() + millis * 1_000_000L;
    Object[] recent = new Object[4_096];
    for (int i = 0; System.nanoTime() < end; i++) {
      recent[i % recent.length] = new byte[1_024];
    }
    sink = recent;
    sink = null;
  }

  private static void collect() throws InterruptedException {
    for (int i = 0; i < 3; i++) {
      System.gc();
      Thread.sleep(50);
    }
  }

  private static void phase(String name) {
    Samples.print("phase", name, ManagementFactory.getRuntimeMXBean().getUptime());
  }

  private static long heapUsed() {
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static long resident() throws IOException {
    for (String line : Files.readAllLines(STATUS)) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1_024;
      }
    }
    throw new IOException("no VmRSS in " + STATUS);
  }

  /** Makes waiters of one kind, one after another. */
  private static final class Waiters {
    private final String name;
    private final Runnable beginOne;

    Waiters(String name, Runnable beginOne) {
      this.name = name;
      this.beginOne = beginOne;
    }

    void begin(int count) {
      for (int i = 0; i < count; i++) {
        beginOne.run();
      }
    }
  }
}
