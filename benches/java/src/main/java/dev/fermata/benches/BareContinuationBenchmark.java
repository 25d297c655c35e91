// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import dev.fermata.internal.bridge.NativeEngine;
import dev.fermata.internal.loader.NativeLibrary;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The peer: {@code jdk.internal.vm.Continuation} and nothing around it. Java 21 and later. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class BareContinuationBenchmark {
  /** Frames of the continuation below its yield. */
  @Param("10")
  public int depth;

  private Object continuation;

  @Setup
  public void begin() throws Throwable {
    Bare.open();
    int frames = depth;
    continuation = (Object) Bare.CREATE.invokeExact((Runnable) () -> yieldUnder(frames));
    Bare.RUN.invokeExact(continuation);
  }

  @Benchmark
  public void yieldAndRun() throws Throwable {
    Bare.RUN.invokeExact(continuation);
  }

  private static void yieldUnder(int left) {
    if (left > 1) {
      yieldUnder(left - 1);
    } else {
      try {
        while ((boolean) Bare.YIELD.invokeExact() || left == 1) {}
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** Its methods, once the package is open. */
  private static final class Bare {
    static final MethodHandle CREATE;
    static final MethodHandle RUN;
    static final MethodHandle YIELD;

    static {
      if (!NativeLibrary.load().isLoaded()) {
        throw new IllegalStateException("no native library: " + NativeLibrary.load());
      }
      NativeEngine.openPackage(
          Object.class.getModule(), "jdk.internal.vm", BareContinuationBenchmark.class.getModule());
      try {
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        Class<?> scopeType = Class.forName("jdk.internal.vm.ContinuationScope");
        Class<?> type = Class.forName("jdk.internal.vm.Continuation");
        Object scope = scopeType.getConstructor(String.class).newInstance("bare");
        CREATE =
            MethodHandles.insertArguments(
                    lookup.findConstructor(
                        type, MethodType.methodType(void.class, scopeType, Runnable.class)),
                    0,
                    scope)
                .asType(MethodType.methodType(Object.class, Runnable.class));
        RUN =
            lookup
                .findVirtual(type, "run", MethodType.methodType(void.class))
                .asType(MethodType.methodType(void.class, Object.class));
        YIELD =
            lookup
                .findStatic(type, "yield", MethodType.methodType(boolean.class, scopeType))
                .bindTo(scope);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    static void open() {}
  }
}
