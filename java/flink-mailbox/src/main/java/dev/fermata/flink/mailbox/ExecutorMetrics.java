// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.mailbox;

import dev.fermata.FermataExecutorMXBean;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MeterView;
import org.apache.flink.metrics.MetricGroup;

/** Shows an executor among Flink's metrics. */
public final class ExecutorMetrics {
  private ExecutorMetrics() {}

  /**
   * Registers gauges {@code suspendedActions}, {@code inFlightCalls}, {@code queuedCalls}, {@code
   * workers}, {@code wakeUps}, {@code pinnedCalls}, {@code failedCalls}, {@code timedOutCalls}, and
   * the meter {@code completedCalls}.
   *
   * @param group where to
   * @param executor as {@link dev.fermata.ContinuationActionExecutor#metrics} returns it
   */
  public static void register(MetricGroup group, FermataExecutorMXBean executor) {
    group.gauge("suspendedActions", (Gauge<Long>) executor::getSuspendedActions);
    group.gauge("inFlightCalls", (Gauge<Long>) executor::getInFlightCalls);
    group.gauge("queuedCalls", (Gauge<Long>) executor::getQueuedCalls);
    group.gauge("workers", (Gauge<Long>) executor::getWorkers);
    group.gauge("wakeUps", (Gauge<Long>) executor::getWakeUps);
    group.gauge("pinnedCalls", (Gauge<Long>) executor::getPinnedCalls);
    group.gauge("failedCalls", (Gauge<Long>) executor::getFailedCalls);
    group.gauge("timedOutCalls", (Gauge<Long>) executor::getTimedOutCalls);
    group.meter("completedCalls", new MeterView((Gauge<Long>) executor::getCompletedCalls));
  }
}
