// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.journal;

import com.sun.management.OperatingSystemMXBean;
import dev.fermata.ActionLoop;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Durable appends of many callers, each of which waits for one before it begins the next.
 *
 * <pre>
 * Appends CONTENDER CALLERS SECONDS FOLDER
 *   CONTENDER  fermata          callers are threads
 *              fermata-actions  callers are actions of one loop, suspended while they wait
 *              rocksdb          its write-ahead log with sync; callers are threads
 *              disk             a plain file, synced after each append; one caller
 *   FOLDER     exists, is empty, and is on the disk that is measured
 * </pre>
 *
 * <p>Warms up for a second. Prints {@code appends}, contender, callers, and then appends a second,
 * appends per sync, latency in microseconds (median, 99 %), and microseconds of the process's
 * processor time for one append.
 */
public final class Appends {
  private static final int RESULT_BYTES = 100;
  private static final int WARM_UP_SECONDS = 1;
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private final String name;
  private final int callers;
  private final AtomicLong numbers = new AtomicLong();
  private final byte[] result = new byte[RESULT_BYTES];

  private Appends(String name, int callers) {
    this.name = name;
    this.callers = callers;
  }

  public static void main(String[] args) throws Exception {
    Appends benchmark = new Appends(args[0], Integer.parseInt(args[1]));
    benchmark.run(Integer.parseInt(args[2]), Path.of(args[3]));
    System.exit(0);
  }

  private void run(int seconds, Path folder) throws Exception {
    try (DurableLog log = log(folder)) {
      for (int length : new int[] {WARM_UP_SECONDS, seconds}) {
        Histogram latencies = new ConcurrentHistogram(3);
        long syncs = log.syncs();
        long cpu = PROCESS.getProcessCpuTime();
        long start = System.nanoTime();
        callers(log, TimeUnit.SECONDS.toNanos(length), latencies);
        double elapsed = (System.nanoTime() - start) / 1e9;
        if (length == seconds) {
          double appends = latencies.getTotalCount();
          print("rate", appends / elapsed);
          print("per sync", appends / (log.syncs() - syncs));
          print("median", latencies.getValueAtPercentile(50) / 1e3);
          print("p99", latencies.getValueAtPercentile(99) / 1e3);
          print("cpu", (PROCESS.getProcessCpuTime() - cpu) / 1e3 / appends);
        }
      }
    }
  }

  private DurableLog log(Path folder) throws Exception {
    switch (name) {
      case "fermata":
      case "fermata-actions":
        return new FermataLog(folder);
      case "rocksdb":
        return new RocksLog(folder);
      case "disk":
        return new PlainFile(folder);
      default:
        throw new IllegalArgumentException("no contender '" + name + "'");
    }
  }

  private void callers(DurableLog log, long nanos, Histogram latencies) throws Exception {
    if (name.equals("fermata-actions")) {
      actions((FermataLog) log, nanos, latencies);
    } else {
      threads(log, nanos, latencies);
    }
  }

  private void threads(DurableLog log, long nanos, Histogram latencies) throws Exception {
    CountDownLatch begin = new CountDownLatch(1);
    AtomicBoolean failed = new AtomicBoolean();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < callers; i++) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  begin.await();
                  long end = System.nanoTime() + nanos;
                  for (long now = System.nanoTime(); now < end; ) {
                    log.append(numbers.getAndIncrement(), result);
                    long done = System.nanoTime();
                    latencies.recordValue(done - now);
                    now = done;
                  }
                } catch (Exception thrown) {
                  thrown.printStackTrace();
                  failed.set(true);
                }
              });
      thread.start();
      threads.add(thread);
    }
    begin.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    if (failed.get()) {
      throw new IllegalStateException("an append failed");
    }
  }

  private void actions(FermataLog log, long nanos, Histogram latencies) {
    try (ActionLoop loop = ActionLoop.builder().build()) {
      List<CompletableFuture<Void>> actions = new ArrayList<>();
      long end = System.nanoTime() + nanos;
      for (int i = 0; i < callers; i++) {
        actions.add(
            loop.submit(
                scope -> {
                  for (long now = System.nanoTime(); now < end; ) {
                    scope.await(log.begin(numbers.getAndIncrement(), result));
                    long done = System.nanoTime();
                    latencies.recordValue(done - now);
                    now = done;
                  }
                  return null;
                }));
      }
      actions.forEach(CompletableFuture::join);
    }
  }

  private void print(String metric, double value) {
    System.out.println("appends\t" + name + "\t" + callers + "\t" + metric + "\t" + value);
  }
}
