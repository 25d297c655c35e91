// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.timers;

import com.sun.management.OperatingSystemMXBean;
import dev.fermata.benches.http.ProcessStatus;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;

/**
 * What a pending timer entry costs: processor time of the process to insert it, while it is
 * pending, to cancel it, and to insert it and let it come due; and memory, in the heap after a
 * collection and outside. Entries are due at different times, a millisecond and less apart.
 *
 * <p>Run it with a heap of fixed size that is touched beforehand; else the growth of the heap
 * counts as memory outside it.
 *
 * <pre>
 * PendingTimers CONTENDER ENTRIES ROUNDS
 *   CONTENDER  fermata, jdk, netty-wheel
 * </pre>
 *
 * <p>Memory is measured in the first round; times in each but the first, which warms up.
 */
public final class PendingTimers {
  private static final long FAR = TimeUnit.HOURS.toNanos(1);
  private static final long NEAR = TimeUnit.SECONDS.toNanos(1);
  private static final long SPREAD = TimeUnit.SECONDS.toNanos(1);
  private static final long SETTLING_MILLIS = 100;
  private static final long PENDING_MILLIS = 1_000;

  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private final String name;
  private final int entries;
  private final Timers timers;

  private PendingTimers(String name, int entries) {
    this.name = name;
    this.entries = entries;
    timers = timers();
  }

  public static void main(String[] args) throws Exception {
    PendingTimers benchmark = new PendingTimers(args[0], Integer.parseInt(args[1]));
    for (int round = 0; round <= Integer.parseInt(args[2]); round++) {
      benchmark.round(round == 0);
    }
    System.exit(0);
  }

  private Timers timers() {
    switch (name) {
      case "fermata":
        return new EngineTimers(entries);
      case "jdk":
        return JavaTimers.ofJdk(entries);
      case "netty-wheel":
        return JavaTimers.ofNetty(entries);
      default:
        throw new IllegalArgumentException("no contender '" + name + "'");
    }
  }

  private void round(boolean first) throws Exception {
    long heap = 0;
    long resident = 0;
    if (first) {
      fireAll(10);
      System.gc();
      heap = heapUsed();
      resident = resident();
    }
    double insert = cpuMicros(() -> insertAll(entries, FAR));
    if (first) {
      System.gc();
      print("heap", (heapUsed() - heap) / (double) entries);
      print("resident", (resident() - resident) / (double) entries);
    }
    double pending = cpuMicros(() -> Thread.sleep(PENDING_MILLIS));
    double cancel = cpuMicros(this::cancelAll);
    double fire = cpuMicros(() -> fireAll(entries));
    if (!first) {
      print("insert", insert / entries);
      print("pending", pending / PENDING_MILLIS / 10);
      print("cancel", cancel / entries);
      print("fire", fire / entries);
    }
  }

  private void fireAll(int count) throws InterruptedException {
    timers.begin(count);
    insertAll(count, NEAR);
    timers.awaitAll();
  }

  private void insertAll(int count, long first) {
    for (int i = 0; i < count; i++) {
      // In no order, as timeouts of requests that last differently long.
      long place = i * 7_919L % count;
      timers.insert(i, first + place * SPREAD / count);
    }
  }

  private void cancelAll() {
    for (int i = 0; i < entries; i++) {
      timers.cancel(i);
    }
  }

  /** Processor time of all threads, until those are at rest that the work is handed to. */
  private static double cpuMicros(Phase phase) throws Exception {
    long before = PROCESS.getProcessCpuTime();
    phase.run();
    long seen = -1;
    long now = PROCESS.getProcessCpuTime();
    for (int i = 0; i < 50 && seen != now; i++) {
      Thread.sleep(SETTLING_MILLIS);
      seen = now;
      now = PROCESS.getProcessCpuTime();
    }
    return (now - before) / 1e3;
  }

  private void print(String metric, double value) {
    System.out.println("timers\t" + name + "\t" + entries + "\t" + metric + "\t" + value);
  }

  private static long heapUsed() {
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static long resident() throws IOException {
    return ProcessStatus.of("VmRSS") * 1_024;
  }

  private interface Phase {
    void run() throws Exception;
  }
}
