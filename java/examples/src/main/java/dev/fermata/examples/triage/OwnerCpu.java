// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Reads the CPU clocks of owner threads every ten milliseconds from its creation until {@link
 * #stop()} on a thread of its own. One thread creates, stops and closes it.
 */
final class OwnerCpu implements AutoCloseable {
  private static final long PERIOD_MILLIS = 10;

  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private final List<Sample> samples = new ArrayList<>();

  /** What each owner, by its id, has used since it was added. */
  private final Map<Long, Usage> owners = new ConcurrentHashMap<>();

  OwnerCpu() {
    clock.scheduleAtFixedRate(this::sample, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Reads this thread's clock too from now on; called by any thread. */
  void add(Thread owner) {
    owners.put(owner.getId(), new Usage(threads.getThreadCpuTime(owner.getId())));
  }

  /** One reading: the owners' sum, in nanoseconds. Immutable. */
  static final class Sample {
    final long time;
    final long cpu;

    Sample(long time, long cpu) {
      this.time = time;
      this.cpu = cpu;
    }
  }

  /** Ends the readings and returns them, oldest first. */
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

  /** Ends the readings, if they have not ended. */
  @Override
  public void close() {
    clock.shutdownNow();
  }

  private void sample() {
    long sum = 0;
    for (Map.Entry<Long, Usage> owner : owners.entrySet()) {
      sum += owner.getValue().at(threads.getThreadCpuTime(owner.getKey()));
    }
    samples.add(new Sample(System.nanoTime(), sum));
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
