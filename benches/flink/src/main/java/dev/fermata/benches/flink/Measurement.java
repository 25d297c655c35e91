// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.flink;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/**
 * What one job did, of which there is one at a time in a process: its functions are copies of each
 * other and meet here. The source, the calls and the end of the pipeline report, each on its own
 * threads; {@link #print} is called when the job has ended.
 */
final class Measurement {
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private static volatile Measurement current;

  private final long[] entered;
  private final long[] left;
  private final long callMillis;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger mostInFlight = new AtomicInteger();
  private final AtomicLong processNanos = new AtomicLong();
  private volatile long mailboxNanosBefore;
  private volatile long mailboxNanos;
  private final AtomicInteger missing;

  private Measurement(int elements, long callMillis) {
    entered = new long[elements];
    left = new long[elements];
    missing = new AtomicInteger(elements);
    this.callMillis = callMillis;
  }

  static Measurement begin(int elements, long callMillis) {
    current = new Measurement(elements, callMillis);
    return current;
  }

  static Measurement current() {
    return current;
  }

  /** An element leaves the source. */
  void enter(int element) {
    processNanos.compareAndSet(0, -PROCESS.getProcessCpuTime());
    entered[element] = System.nanoTime();
  }

  /** The thread on which output leaves, the mailbox thread of the operator, has begun. */
  void mailbox() {
    mailboxNanosBefore = THREADS.getCurrentThreadCpuTime();
  }

  /** An element's output leaves, on the mailbox thread. */
  void leave(int element) {
    left[element] = System.nanoTime();
    if (missing.decrementAndGet() == 0) {
      mailboxNanos = THREADS.getCurrentThreadCpuTime() - mailboxNanosBefore;
      processNanos.addAndGet(PROCESS.getProcessCpuTime());
    }
  }

  /** Blocks its thread, as a client of a model does. */
  void call() throws InterruptedException {
    mostInFlight.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
    try {
      Thread.sleep(callMillis);
    } finally {
      inFlight.decrementAndGet();
    }
  }

  /** Prints name, value pairs as lines with tabs between, each behind {@code prefix}. */
  void print(String prefix) {
    if (missing.get() != 0) {
      throw new IllegalStateException(missing.get() + " outputs are missing");
    }
    double[] millis =
        IntStream.range(0, left.length).mapToDouble(i -> (left[i] - entered[i]) / 1e6).toArray();
    Arrays.sort(millis);
    long first = Arrays.stream(entered).min().orElseThrow();
    long last = Arrays.stream(left).max().orElseThrow();
    print(prefix, "wall", (last - first) / 1e9);
    print(prefix, "mean", Arrays.stream(millis).average().orElseThrow());
    print(prefix, "p99", millis[(int) (0.99 * (millis.length - 1))]);
    print(prefix, "most in flight", mostInFlight.get());
    print(prefix, "process", processNanos.get() / 1e9);
    print(prefix, "mailbox", mailboxNanos / 1e9);
  }

  private static void print(String prefix, String name, double value) {
    System.out.println(prefix + "\t" + name + "\t" + value);
  }
}
