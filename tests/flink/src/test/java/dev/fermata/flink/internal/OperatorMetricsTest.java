// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.Meter;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What Flink's metrics tell of the operator and its executor. */
@Timeout(20)
class OperatorMetricsTest {
  private final Map<String, Metric> registered = new HashMap<>();

  @Test
  void metricsAreRegisteredUnderTheGroupOfFermataAndFollowTheExecutor() {
    try (ContinuationActionExecutor executor =
        ContinuationActionExecutor.builder().asyncThreads(1).build()) {
      OperatorMetrics metrics =
          new OperatorMetrics(new Recorder("operator"), () -> 7, executor.metrics());
      metrics.callReplayed();
      metrics.waited(5_000_000);
      ContinuationContext action = new ContinuationContext();
      while (!executor.executeAction(action, () -> executor.executeAsync(action, () -> 1))) {
        Thread.onSpinWait();
      }

      assertThat(registered.keySet())
          .containsExactlyInAnyOrder(
              "operator.fermata.inFlightElements",
              "operator.fermata.suspendedActions",
              "operator.fermata.inFlightCalls",
              "operator.fermata.queuedCalls",
              "operator.fermata.workers",
              "operator.fermata.wakeUps",
              "operator.fermata.pinnedCalls",
              "operator.fermata.failedCalls",
              "operator.fermata.timedOutCalls",
              "operator.fermata.completedCalls",
              "operator.fermata.replayedCalls",
              "operator.fermata.waitMicros");
      assertThat(metric("inFlightElements", Gauge.class).getValue()).isEqualTo(7);
      assertThat(metric("pinnedCalls", Gauge.class).getValue()).isEqualTo(0L);
      assertThat(metric("completedCalls", Meter.class).getCount()).isEqualTo(1);
      assertThat(metric("replayedCalls", Counter.class).getCount()).isEqualTo(1);
      assertThat(metric("waitMicros", Histogram.class).getStatistics().getMax()).isEqualTo(5_000);
    }
  }

  private <M> M metric(String name, Class<M> type) {
    return type.cast(registered.get("operator.fermata." + name));
  }

  private final class Recorder extends UnregisteredMetricsGroup {
    private final String path;

    Recorder(String path) {
      this.path = path;
    }

    @Override
    public MetricGroup addGroup(String name) {
      return new Recorder(path + "." + name);
    }

    @Override
    public Counter counter(String name) {
      return record(name, super.counter(name));
    }

    @Override
    public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
      return record(name, gauge);
    }

    @Override
    public <H extends Histogram> H histogram(String name, H histogram) {
      return record(name, histogram);
    }

    @Override
    public <M extends Meter> M meter(String name, M meter) {
      return record(name, meter);
    }

    private <M extends Metric> M record(String name, M metric) {
      registered.put(path + "." + name, metric);
      return metric;
    }
  }
}
