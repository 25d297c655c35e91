// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

import dev.fermata.FermataExecutorMXBean;
import java.lang.ref.WeakReference;
import java.util.Collections;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * The managed view of one executor.
 *
 * <p>The MBean server keeps it until it is unregistered, so it holds the executor weakly: an
 * executor that is dropped without {@code close()} can still be collected, and cleaned up after.
 */
public final class ExecutorBean implements FermataExecutorMXBean {
  private final String name;
  private final String strategy;
  private final ExecutorMetrics metrics;
  private final WeakReference<ExecutorView> executor;

  /**
   * Creates a view.
   *
   * @param name the executor's name
   * @param strategy the strategy by which its actions wait
   * @param metrics the executor's metrics
   * @param executor held weakly
   */
  public ExecutorBean(
      String name, String strategy, ExecutorMetrics metrics, ExecutorView executor) {
    this.name = name;
    this.strategy = strategy;
    this.metrics = metrics;
    this.executor = new WeakReference<>(executor);
  }

  @Override
  public String getName() {
    return name;
  }

  @Override
  public String getStrategy() {
    return strategy;
  }

  @Override
  public long getInFlightCalls() {
    return gauges().inFlight();
  }

  @Override
  public long getQueuedCalls() {
    return gauges().queued();
  }

  @Override
  public long getRunningCalls() {
    return gauges().running();
  }

  @Override
  public long getSleepingCalls() {
    return gauges().sleeping();
  }

  @Override
  public long getTimerEntries() {
    return gauges().timerEntries();
  }

  @Override
  public long getSuspendedActions() {
    return gauges().suspended();
  }

  @Override
  public long getWorkers() {
    return gauges().workers();
  }

  @Override
  public long getWakeUps() {
    return gauges().wakeUps();
  }

  @Override
  public long getCompletedCalls() {
    return metrics.completedCalls();
  }

  @Override
  public long getFailedCalls() {
    return metrics.failedCalls();
  }

  @Override
  public long getCancelledCalls() {
    return metrics.cancelledCalls();
  }

  @Override
  public long getTimedOutCalls() {
    return metrics.timedOutCalls();
  }

  @Override
  public long getAbortedCalls() {
    return metrics.abortedCalls();
  }

  @Override
  public long getPinnedCalls() {
    return metrics.pinnedCalls();
  }

  @Override
  public long getBackpressuredCalls() {
    return metrics.backpressuredCalls();
  }

  @Override
  public long getStartedActions() {
    return metrics.startedActions();
  }

  @Override
  public long getFinishedActions() {
    return metrics.finishedActions();
  }

  @Override
  public long getSuspensions() {
    return metrics.suspensions();
  }

  @Override
  public WaitTimes getWaitTimes() {
    return new WaitTimesView(metrics.waitMicros());
  }

  @Override
  public List<SuspendedAction> dumpSuspendedActions(int max) {
    if (max < 1) {
      throw new IllegalArgumentException("max must be at least 1, but is " + max);
    }
    ExecutorView view = executor.get();
    return view == null ? Collections.emptyList() : view.suspendedActions(max);
  }

  private Gauges gauges() {
    ExecutorView view = executor.get();
    return view == null ? Gauges.IDLE : view.gauges();
  }

  private static final class WaitTimesView implements WaitTimes {
    private final Histogram micros;

    WaitTimesView(Histogram micros) {
      this.micros = micros;
    }

    @Override
    public long getCount() {
      return micros.getTotalCount();
    }

    @Override
    public double getMeanMicros() {
      return micros.getMean();
    }

    @Override
    public long getP50Micros() {
      return micros.getValueAtPercentile(50);
    }

    @Override
    public long getP90Micros() {
      return micros.getValueAtPercentile(90);
    }

    @Override
    public long getP99Micros() {
      return micros.getValueAtPercentile(99);
    }

    @Override
    public long getP999Micros() {
      return micros.getValueAtPercentile(99.9);
    }

    @Override
    public long getMaxMicros() {
      return micros.getMaxValue();
    }
  }
}
