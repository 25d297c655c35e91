// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import dev.fermata.OwnerKind;
import dev.fermata.internal.bridge.NativeEngine;
import dev.fermata.internal.loader.NativeLibrary;
import dev.fermata.internal.strategy.Pin;
import dev.fermata.internal.strategy.Strategies;
import dev.fermata.internal.strategy.SuspendableAction;
import dev.fermata.internal.strategy.SuspensionStrategy;
import java.time.Duration;
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

/** One suspend and one resume of an action that does nothing else: the strategy without engine. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SuspendResumeBenchmark {
  /** What is looked at before each suspend. */
  public enum Guard {
    /** Nothing: the bare suspension. */
    NONE,
    /** The usual case: no method on the stack can hold a monitor. */
    USUAL,
    /** A method on the stack can hold a monitor and holds none, so that the JVM has to be asked. */
    SUSPECT
  }

  /** Name of a strategy, as the property that forces it takes it. */
  @Param("handoff")
  public String strategy;

  @Param public Guard guard;

  /** Frames of the action below its suspension point. */
  @Param("10")
  public int depth;

  private SuspensionStrategy suspension;
  private SuspendableAction action;
  private boolean stopped;
  private String fault;

  @Setup
  public void begin() {
    if (!NativeLibrary.load().isLoaded()) {
      throw new IllegalStateException("no native library: " + NativeLibrary.load());
    }
    System.setProperty(Strategies.PROPERTY, strategy);
    suspension =
        Strategies.with(NativeEngine::openPackage, NativeEngine::lockStack)
            .choose(OwnerKind.MAILBOX)
            .newStrategy(Duration.ofMinutes(1));
    action = suspension.start(() -> deepen(depth), () -> {});
    action.runSlice();
  }

  @Benchmark
  public void suspendAndResume() {
    action.wake();
    if (action.runSlice()) {
      throw new IllegalStateException("the action was not suspended: " + fault);
    }
  }

  @TearDown
  public void end() {
    stopped = true;
    action.wake();
    action.runSlice();
    suspension.close();
  }

  private void deepen(int left) {
    if (left > 1) {
      deepen(left - 1);
    } else if (guard == Guard.SUSPECT) {
      Suspect.run(this::suspendRepeatedly, stopped);
    } else {
      suspendRepeatedly();
    }
  }

  private void suspendRepeatedly() {
    while (!stopped) {
      Pin pin = guard == Guard.NONE ? Pin.NONE : action.pin();
      if (pin != Pin.NONE) {
        fault = "pinned: " + pin;
        return;
      }
      if (!action.suspend()) {
        fault = "refused by the JVM";
        return;
      }
    }
  }

  /** A class of its own: every frame of a class with such a method costs a little more. */
  private static final class Suspect {
    /** Contains a monitor, which is never entered: the action would be pinned. */
    static void run(Runnable code, boolean locked) {
      if (locked) {
        synchronized (code) {
          code.run();
        }
      } else {
        code.run();
      }
    }
  }
}
