// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.http;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What this process takes from one moment to another: one measurement at a time, by one thread.
 * Linux alone tells some of it.
 */
final class Measurement {
  private static final Path PEAK_RESET = Path.of("/proc/self/clear_refs");
  private static final Path NETWORK = Path.of("/proc/net/netstat");
  private static final long SAMPLING_MILLIS = 10;

  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final long overflows;
  private final Thread sampler = new Thread(this::sample, "sampler");
  private volatile boolean ended;
  private volatile long nativeThreads;
  private final long start;
  private final long cpuStart;
  private double wall;
  private double cpu;

  private Measurement(long start, long cpuStart) throws IOException {
    overflows = overflows();
    sampler.setDaemon(true);
    sampler.start();
    this.start = start;
    this.cpuStart = cpuStart;
  }

  /** From now on, after a collection: what came before leaves as little as may be. */
  static Measurement begin() throws IOException {
    System.gc();
    Files.writeString(PEAK_RESET, "5");
    THREADS.resetPeakThreadCount();
    heap().forEach(MemoryPoolMXBean::resetPeakUsage);
    return new Measurement(System.nanoTime(), PROCESS.getProcessCpuTime());
  }

  /** From the start of the JVM on. */
  static Measurement ofWholeProcess() throws IOException {
    long uptime = ManagementFactory.getRuntimeMXBean().getUptime() * 1_000_000;
    return new Measurement(System.nanoTime() - uptime, 0);
  }

  void end() throws InterruptedException {
    wall = (System.nanoTime() - start) / 1e9;
    cpu = (PROCESS.getProcessCpuTime() - cpuStart) / 1e9;
    ended = true;
    sampler.join();
  }

  /** Prints name, value pairs as lines with tabs between, each behind {@code prefix}. */
  void print(String prefix, int failures) throws IOException {
    print(prefix, "wall", wall);
    print(prefix, "cpu", cpu);
    print(prefix, "memory", ProcessStatus.of("VmHWM") / 1024.0);
    print(
        prefix, "heap", heap().mapToLong(pool -> pool.getPeakUsage().getUsed()).sum() / 1048576.0);
    print(prefix, "threads", THREADS.getPeakThreadCount());
    print(prefix, "native threads", nativeThreads);
    print(prefix, "overflows", overflows() - overflows);
    print(prefix, "failures", failures);
  }

  private static void print(String prefix, String name, double value) {
    System.out.println(prefix + "\t" + name + "\t" + value);
  }

  private static Stream<MemoryPoolMXBean> heap() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP);
  }

  private void sample() {
    try {
      while (!ended) {
        nativeThreads = Math.max(nativeThreads, ProcessStatus.of("Threads"));
        Thread.sleep(SAMPLING_MILLIS);
      }
    } catch (IOException | InterruptedException failed) {
      throw new IllegalStateException(failed);
    }
  }

  /** How often on this machine a connection found no room in a server's backlog. */
  private static long overflows() throws IOException {
    String[] names = null;
    for (String line : Files.readAllLines(NETWORK)) {
      String[] fields = line.split(" ");
      for (int i = 1; names != null && i < names.length; i++) {
        if (names[i].equals("ListenOverflows") && fields[0].equals(names[0])) {
          return Long.parseLong(fields[i]);
        }
      }
      names = fields;
    }
    throw new IOException("no ListenOverflows in " + NETWORK);
  }
}
