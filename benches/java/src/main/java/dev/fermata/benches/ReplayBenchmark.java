// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import dev.fermata.continuation.Continuation;
import dev.fermata.continuation.ContinuationEntryPoint;
import dev.fermata.continuation.SuspendCapability;
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

/** The first resume of a copy: it replays what the continuation was given before. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class ReplayBenchmark {
  /** Inputs that the continuation was given. */
  @Param({"10", "1000", "100000"})
  public int history;

  /** Whether it takes a snapshot every ten inputs. */
  @Param({"false", "true"})
  public boolean snapshots;

  /** What the inputs are. */
  @Param({"null", "number"})
  public String input;

  private Continuation continuation;

  @Setup
  public void begin() {
    continuation = new Continuation(new Adding(snapshots));
    continuation.resume();
    for (int i = 0; i < history; i++) {
      continuation.resume(input.equals("null") ? null : (Object) i);
    }
  }

  @Benchmark
  public Object copyAndResume() {
    try (Continuation copy = continuation.copy()) {
      copy.resume();
      return copy.value();
    }
  }

  @TearDown
  public void end() {
    continuation.close();
  }

  private static final class Adding implements ContinuationEntryPoint {
    private static final long serialVersionUID = 1L;
    private final boolean snapshots;
    private long sum;
    private int count;

    Adding(boolean snapshots) {
      this.snapshots = snapshots;
    }

    @Override
    public void start(SuspendCapability self) {
      while (true) {
        if (snapshots && count % 10 == 0) {
          self.snapshot();
        }
        Integer given = self.suspend(sum);
        sum += given == null ? 1 : given;
        count++;
      }
    }
  }
}
