// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import dev.fermata.FermataExecutorMXBean;
import dev.fermata.flink.mailbox.ExecutorMetrics;
import java.util.function.IntSupplier;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;

/** The operator's metrics, in the group {@code fermata} of its own. */
final class OperatorMetrics {
  private static final int WINDOW = 1024;

  private final MetricGroup group;
  private final Counter replayed;
  private final Histogram waitMicros;

  OperatorMetrics(MetricGroup operator, IntSupplier inFlight, FermataExecutorMXBean executor) {
    group = operator;
    MetricGroup own = operator.addGroup("fermata");
    ExecutorMetrics.register(own, executor);
    own.gauge("inFlightElements", (Gauge<Integer>) inFlight::getAsInt);
    replayed = own.counter("replayedCalls");
    waitMicros = own.histogram("waitMicros", new DescriptiveStatisticsHistogram(WINDOW));
  }

  MetricGroup group() {
    return group;
  }

  /** Shows what a journal cannot do for its elements. */
  void watch(FolderCallJournal<?, ?> journal) {
    MetricGroup own = group.addGroup("fermata");
    own.gauge("failedRecords", (Gauge<Long>) journal::failedRecords);
    own.gauge("missedRecords", (Gauge<Long>) journal::missedRecords);
  }

  void callReplayed() {
    replayed.inc();
  }

  void waited(long nanos) {
    waitMicros.update(nanos / 1000);
  }
}
