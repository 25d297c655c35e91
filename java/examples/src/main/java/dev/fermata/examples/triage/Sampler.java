// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import dev.fermata.Strategy;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;

/**
 * Looks every ten milliseconds, from its creation until {@link #stop()}, at the CPU clocks of owner
 * threads and at how many threads there are; on a thread of its own. One thread creates, stops and
 * closes it.
 */
final class Sampler implements AutoCloseable {
  private static final long PERIOD_MILLIS = 10;

  private final MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
  private final ObjectName executors = named("dev.fermata:type=Executor,*");

  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private final List<Sample> samples = new ArrayList<>();

  /** What each owner, by its id, has used since it was added. */
  private final Map<Long, Usage> owners = new ConcurrentHashMap<>();

  Sampler() {
    clock.scheduleAtFixedRate(this::sample, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Reads this thread's clock too from now on; called by any thread. */
  void add(Thread owner) {
    owners.put(owner.getId(), new Usage(threads.getThreadCpuTime(owner.getId())));
  }

  /** One look. Immutable. */
  static final class Sample {
    /** Of {@link System#nanoTime()}. */
    final long time;

    /** What the owners used, all together, in nanoseconds. */
    final long cpu;

    /** Of this process, alive. */
    final int threads;

    /** Those that are held by what waits: workers of calls, carriers of suspended actions. */
    final int held;

    Sample(long time, long cpu, int threads, int held) {
      this.time = time;
      this.cpu = cpu;
      this.threads = threads;
      this.held = held;
    }
  }

  /** Ends the looks and returns them, oldest first. */
  List<Sample> stop() {
    clock.shutdown();
    try {
      clock.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    sample();
    return samples;
  }

  /** Ends the looks, if they have not ended. */
  @Override
  public void close() {
    clock.shutdownNow();
  }

  private void sample() {
    long sum = 0;
    for (Map.Entry<Long, Usage> owner : owners.entrySet()) {
      sum += owner.getValue().at(threads.getThreadCpuTime(owner.getKey()));
    }
    samples.add(new Sample(System.nanoTime(), sum, threads.getThreadCount(), held()));
  }

  /** By what Fermata's executors tell in JMX. */
  private int held() {
    long held = 0;
    for (ObjectName executor : beans.queryNames(executors, null)) {
      try {
        held += (Long) beans.getAttribute(executor, "Workers");
        if (beans.getAttribute(executor, "Strategy").equals(Strategy.HANDOFF.name())) {
          held += (Long) beans.getAttribute(executor, "SuspendedActions");
        }
      } catch (JMException closedMeanwhile) {
        // It holds none any more.
      }
    }
    return (int) held;
  }

  private static ObjectName named(String pattern) {
    try {
      return new ObjectName(pattern);
    } catch (MalformedObjectNameException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static final class Usage {
    private final long first;
    private long last;

    private Usage(long first) {
      this.first = first;
      this.last = first;
    }

    /** The clock of a thread that has ended is -1. */
    private long at(long clock) {
      last = Math.max(last, clock);
      return last - first;
    }
  }
}
