// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.spring;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/**
 * Requests that come at once, each of which makes some {@code @Async} calls and waits for all.
 *
 * <pre>
 * AsyncRequests EXECUTOR REQUESTS CALLS MILLIS RUNS
 *   EXECUTOR   see {@link Executors}
 *   REQUESTS   at once
 *   CALLS      of each request, at once
 *   MILLIS     what a call waits for
 *   RUNS       after one that warms up
 * </pre>
 *
 * <p>Prints {@code async}, executor, metric and value, separated by tabs, for each run: requests a
 * second, median and 99 % of the milliseconds from a request's coming to its end, processor time of
 * the process in microseconds for each call; and once, since it cannot shrink, the most memory that
 * the process has had, in MB.
 */
public final class AsyncRequests {
  private final String executor;
  private final int requests;
  private final Requests handler;

  private AsyncRequests(String executor, int requests, Requests handler) {
    this.executor = executor;
    this.requests = requests;
    this.handler = handler;
  }

  public static void main(String[] args) throws Exception {
    System.setProperty(Executors.NAME, args[0]);
    System.setProperty(Sources.CALLS, args[2]);
    System.setProperty(Sources.MILLIS, args[3]);
    try (AnnotationConfigApplicationContext context =
        new AnnotationConfigApplicationContext(Executors.class, Requests.class, Sources.class)) {
      AsyncRequests benchmark =
          new AsyncRequests(args[0], Integer.parseInt(args[1]), context.getBean(Requests.class));
      int calls = Integer.parseInt(args[2]);
      benchmark.run(calls, false);
      for (int run = 0; run < Integer.parseInt(args[4]); run++) {
        benchmark.run(calls, true);
      }
      benchmark.print("memory", peakMegabytes());
    }
  }

  private void run(int calls, boolean measured) throws Exception {
    System.gc();
    long[] nanos = new long[requests];
    long cpu = processorNanos();
    long start = System.nanoTime();
    List<CompletableFuture<?>> all = new ArrayList<>(requests);
    for (int i = 0; i < requests; i++) {
      int number = i;
      all.add(
          handler
              .handle(number)
              .whenComplete((sum, failure) -> nanos[number] = System.nanoTime() - start));
    }
    for (CompletableFuture<?> request : all) {
      request.get(5, TimeUnit.MINUTES);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    double cpuMicros = (processorNanos() - cpu) / 1e3 / requests / calls;
    if (measured) {
      Arrays.sort(nanos);
      print("rate", requests / seconds);
      print("median", nanos[requests / 2] / 1e6);
      print("p99", nanos[requests * 99 / 100] / 1e6);
      print("cpu", cpuMicros);
    }
  }

  private void print(String metric, double value) {
    System.out.printf("async\t%s\t%s\t%.3f%n", executor, metric, value);
  }

  private static long processorNanos() {
    return ProcessHandle.current().info().totalCpuDuration().map(Duration::toNanos).orElseThrow();
  }

  private static double peakMegabytes() throws Exception {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
      }
    }
    throw new IllegalStateException("/proc/self/status has no VmHWM");
  }
}
