// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class ExecutorMetricsTest {
  private final ExecutorMetrics metrics = new ExecutorMetrics();

  @Test
  void eachCounterCountsItsOwn() {
    repeat(1, metrics::callCompleted);
    repeat(2, metrics::callFailed);
    repeat(3, metrics::callCancelled);
    repeat(4, metrics::callTimedOut);
    repeat(5, metrics::callAborted);
    repeat(6, metrics::callPinned);
    repeat(7, metrics::callBackpressured);
    repeat(8, metrics::actionStarted);
    repeat(9, metrics::actionFinished);
    repeat(10, metrics::actionSuspended);

    assertThat(
            new long[] {
              metrics.completedCalls(),
              metrics.failedCalls(),
              metrics.cancelledCalls(),
              metrics.timedOutCalls(),
              metrics.abortedCalls(),
              metrics.pinnedCalls(),
              metrics.backpressuredCalls(),
              metrics.startedActions(),
              metrics.finishedActions(),
              metrics.suspensions()
            })
        .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
  }

  @Test
  void waitsAreKeptInMicrosecondsToWithinOnePercent() {
    for (int millis = 1; millis <= 1_000; millis++) {
      metrics.waited(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    Histogram waits = metrics.waitMicros();
    Percentage precision = Percentage.withPercentage(1);
    assertThat(waits.getTotalCount()).isEqualTo(1_000);
    assertThat(waits.getValueAtPercentile(50)).isCloseTo(500_000, precision);
    assertThat(waits.getValueAtPercentile(99)).isCloseTo(990_000, precision);
    assertThat(waits.getMaxValue()).isCloseTo(1_000_000, precision);
  }

  @Test
  void waitsOutsideTheRangeCountAtItsEnds() {
    metrics.waited(-1);
    metrics.waited(Long.MAX_VALUE);

    Histogram waits = metrics.waitMicros();
    assertThat(waits.getTotalCount()).isEqualTo(2);
    assertThat(waits.getMinValue()).isZero();
    assertThat(waits.getMaxValue())
        .isCloseTo(TimeUnit.DAYS.toMicros(1), Percentage.withPercentage(1));
  }

  @Test
  void nothingIsLostAcrossThreads() throws Exception {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Thread thread =
          new Thread(
              () ->
                  repeat(
                      10_000,
                      () -> {
                        metrics.callCompleted();
                        metrics.waited(1_000_000);
                      }));
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(metrics.completedCalls()).isEqualTo(40_000);
    assertThat(metrics.waitMicros().getTotalCount()).isEqualTo(40_000);
  }

  @Test
  void gaugesOfAnotherNumberAreRefused() {
    assertThatThrownBy(() -> new Gauges(new long[7]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("8 gauges, not 7");
  }

  private static void repeat(int times, Runnable step) {
    for (int i = 0; i < times; i++) {
      step.run();
    }
  }
}
