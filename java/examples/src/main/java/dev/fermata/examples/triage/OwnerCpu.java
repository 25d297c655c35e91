// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Reads the CPU clock of one thread every ten milliseconds from its creation until {@link #stop()}
 * on a thread of its own. One thread creates and stops it.
 */
final class OwnerCpu {
  private static final long PERIOD_MILLIS = 10;

  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private final List<Sample> samples = new ArrayList<>();
  private final long owner;

  OwnerCpu(Thread owner) {
    this.owner = owner.getId();
    clock.scheduleAtFixedRate(this::sample, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** One reading, in nanoseconds. Immutable. */
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

  private void sample() {
    samples.add(new Sample(System.nanoTime(), threads.getThreadCpuTime(owner)));
  }
}
