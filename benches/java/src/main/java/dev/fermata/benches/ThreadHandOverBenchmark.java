// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The peer of {@link SuspendResumeBenchmark}: what a program does that has only threads. The turn
 * goes to a second platform thread and comes back, by park and unpark.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ThreadHandOverBenchmark {
  private volatile Thread turn;
  private volatile boolean stopped;
  private Thread partner;

  @Setup
  public void begin() {
    Thread benchmark = Thread.currentThread();
    turn = benchmark;
    partner =
        new Thread(
            () -> {
              while (!stopped) {
                awaitTurn();
                pass(benchmark);
              }
            },
            "partner");
    partner.setDaemon(true);
    partner.start();
  }

  @Benchmark
  public void thereAndBack() {
    pass(partner);
    awaitTurn();
  }

  @TearDown
  public void end() throws InterruptedException {
    stopped = true;
    pass(partner);
    partner.join();
  }

  private void pass(Thread next) {
    turn = next;
    LockSupport.unpark(next);
  }

  private void awaitTurn() {
    while (turn != Thread.currentThread()) {
      LockSupport.park(this);
    }
  }
}
