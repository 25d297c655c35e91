// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import dev.fermata.Strategy;
import dev.fermata.continuation.Continuation;
import dev.fermata.continuation.SuspendCapability;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One suspend and one resume of a {@link Continuation} that does nothing else. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ContinuationBenchmark {
  /** Name of a strategy in lower case. */
  @Param("handoff")
  public String strategy;

  /** Whether it can be copied and saved. */
  @Param({"false", "true"})
  public boolean recorded;

  /** Whether it promises to hold no monitor. */
  @Param({"false", "true"})
  public boolean promising;

  /** Frames of the continuation below its suspend. */
  @Param("10")
  public int depth;

  private Continuation continuation;

  @Setup
  public void begin() {
    Continuation.Builder builder =
        Continuation.builder().strategy(Strategy.valueOf(strategy.toUpperCase(Locale.ROOT)));
    if (promising) {
      builder.holdsNoMonitors();
    }
    int frames = depth;
    continuation =
        (recorded ? builder : builder.live()).build(self -> Frames.suspendUnder(self, frames));
    continuation.resume();
  }

  @Benchmark
  public boolean suspendAndResume() {
    return continuation.resume();
  }

  @TearDown
  public void end() {
    continuation.close();
  }

  /** A class without a method that could hold a monitor. */
  private static final class Frames {
    static void suspendUnder(SuspendCapability self, int left) {
      if (left > 1) {
        suspendUnder(self, left - 1);
      } else {
        while (true) {
          self.suspend();
        }
      }
    }
  }
}
