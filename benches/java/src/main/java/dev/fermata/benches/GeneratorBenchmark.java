// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import dev.fermata.Strategy;
import dev.fermata.continuation.Continuation;
import dev.fermata.continuation.Generator;
import java.util.Iterator;
import java.util.Locale;
import java.util.concurrent.Semaphore;
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

/** One element of a generator that counts, beside ones that have a thread of their own. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GeneratorBenchmark {
  /**
   * Name of a strategy in lower case, or {@code promising} for continuations that promise to hold
   * no monitor. Peers: {@code queue}, a thread that hands over each element by a synchronous queue
   * and makes the next one meanwhile; {@code semaphores}, one that works when it is asked, as a
   * generator does.
   */
  @Param({"queue", "semaphores", "handoff"})
  public String by;

  private Iterator<Integer> numbers;
  private Runnable end;

  @Setup
  public void begin() {
    switch (by) {
      case "queue":
        begin(new ByQueue());
        break;
      case "semaphores":
        begin(new BySemaphores());
        break;
      default:
        Counting counting = new Counting(options(by));
        numbers = counting;
        end = counting::close;
    }
  }

  private void begin(ByThread thread) {
    numbers = thread;
    end = thread::end;
    thread.start();
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
  public void end() {
    end.run();
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

  /** Has a thread that counts. */
  private abstract static class ByThread implements Iterator<Integer> {
    private final Thread thread = new Thread(this::generate, "generator");

    void start() {
      thread.setDaemon(true);
      thread.start();
    }

    private void generate() {
      try {
        for (int i = 0; ; i++) {
          emit(i);
        }
      } catch (InterruptedException closed) {
        // The end.
      }
    }

    abstract void emit(int element) throws InterruptedException;

    abstract Integer take() throws InterruptedException;

    @Override
    public boolean hasNext() {
      return true;
    }

    @Override
    public Integer next() {
      try {
        return take();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    void end() {
      thread.interrupt();
    }
  }

  private static final class ByQueue extends ByThread {
    private final SynchronousQueue<Integer> elements = new SynchronousQueue<>();

    @Override
    void emit(int element) throws InterruptedException {
      elements.put(element);
    }

    @Override
    Integer take() throws InterruptedException {
      return elements.take();
    }
  }

  private static final class BySemaphores extends ByThread {
    private final Semaphore asked = new Semaphore(0);
    private final Semaphore made = new Semaphore(0);
    private Integer element;

    @Override
    void emit(int element) throws InterruptedException {
      asked.acquire();
      this.element = element;
      made.release();
    }

    @Override
    Integer take() throws InterruptedException {
      asked.release();
      made.acquire();
      return element;
    }
  }
}
