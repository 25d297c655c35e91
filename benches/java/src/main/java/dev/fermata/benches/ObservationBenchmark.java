// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import dev.fermata.internal.ambient.AmbientContext;
import dev.fermata.internal.observe.ExecutorMetrics;
import dev.fermata.internal.observe.FlightEvents;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.slf4j.MDC;

/** What each slice and call pays for being followed and seen. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ObservationBenchmark {
  private final ExecutorMetrics metrics = new ExecutorMetrics();
  private long wait;

  /** An action's context on an owner: the usual one, and one whose MDC has two entries. */
  @State(Scope.Thread)
  public static class Ambient {
    @Param({"0", "2"})
    int mdcEntries;

    private AmbientContext action;

    @Setup
    public void capture() {
      // Logback makes a thread's map with its first entry: an MDC that was used is the usual case.
      MDC.put("used", "once");
      MDC.clear();
      for (int i = 0; i < mdcEntries; i++) {
        MDC.put("key" + i, "value");
      }
      action = AmbientContext.capture();
      MDC.clear();
    }

    @TearDown
    public void clear() {
      MDC.clear();
    }
  }

  @Benchmark
  public AmbientContext capture() {
    return AmbientContext.capture();
  }

  @Benchmark
  public AmbientContext swapInAndBack(Ambient ambient) {
    AmbientContext owner = ambient.action.swapIn();
    ambient.action = owner.swapIn();
    return ambient.action;
  }

  @Benchmark
  public void flightEventsThatNobodyRecords() {
    FlightEvents.Interval suspended = FlightEvents.suspend("bench", metrics, "call");
    FlightEvents.Interval resumed = FlightEvents.resume("bench", metrics);
    FlightEvents.Interval called = FlightEvents.call("bench", Ambient.class, wait);
    called.end("value");
    resumed.end("suspended");
    suspended.end("satisfied");
  }

  @Benchmark
  public void metricsOfOneCall() {
    wait = (wait + 1_000) & 0xFFFFFF;
    metrics.actionSuspended();
    metrics.waited(wait);
    metrics.callCompleted();
  }
}
