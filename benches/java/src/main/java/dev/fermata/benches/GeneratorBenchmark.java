// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import dev.fermata.Strategy;
import dev.fermata.continuation.Continuation;
import dev.fermata.continuation.Generator;
import java.util.Iterator;
import java.util.Locale;
import java.util.concurrent.SynchronousQueue;
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

/** One element of a generator that counts, beside one that has a thread of its own. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GeneratorBenchmark {
  /**
   * Name of a strategy in lower case, {@code promising} for continuations that promise to hold no
   * monitor, or {@code thread}: a thread and a synchronous queue.
   */
  @Param({"thread", "handoff"})
  public String by;

  private Iterator<Integer> numbers;
  private AutoCloseable resource;

  @Setup
  public void begin() {
    if (by.equals("thread")) {
      ByThread thread = new ByThread();
      numbers = thread;
      resource = thread;
    } else {
      Counting counting = new Counting(options(by));
      numbers = counting;
      resource = counting;
    }
  }

  private static Continuation.Builder options(String by) {
    return by.equals("promising")
        ? Continuation.builder().strategy(Strategy.CONTINUATION).holdsNoMonitors()
        : Continuation.builder().strategy(Strategy.valueOf(by.toUpperCase(Locale.ROOT)));
  }

  @Benchmark
  public Integer next() {
    return numbers.next();
  }

  @TearDown
  public void end() throws Exception {
    resource.close();
  }

  private static final class Counting extends Generator<Integer> {
    private static final long serialVersionUID = 1L;

    Counting(Continuation.Builder options) {
      super(options);
    }

    @Override
    protected void generate() {
      for (int i = 0; ; i++) {
        emit(i);
      }
    }
  }

  private static final class ByThread implements Iterator<Integer>, AutoCloseable {
    private final SynchronousQueue<Integer> elements = new SynchronousQueue<>();
    private final Thread thread = new Thread(this::generate, "generator");

    ByThread() {
      thread.setDaemon(true);
      thread.start();
    }

    private void generate() {
      try {
        for (int i = 0; ; i++) {
          elements.put(i);
        }
      } catch (InterruptedException closed) {
        // The end.
      }
    }

    @Override
    public boolean hasNext() {
      return true;
    }

    @Override
    public Integer next() {
      try {
        return elements.take();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() {
      thread.interrupt();
    }
  }
}
