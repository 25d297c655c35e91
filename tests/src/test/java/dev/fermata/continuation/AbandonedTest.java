// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ChildJvm;
import dev.fermata.Strategy;
import dev.fermata.testing.Waiting;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Very many that are begun, never ended and dropped, in a heap that cannot hold them all. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AbandonedTest {
  private static final int DIVISOR = Integer.getInteger("fermata.test.divisor", 1);
  private static final int MANY = 1_000_000 / DIVISOR;
  private static final int MANY_THREADS = 5_000;

  @ParameterizedTest
  @MethodSource("dev.fermata.continuation.Kinds#all")
  void heapAndThreadsComeBack(Strategy strategy) throws Exception {
    int count = strategy == Strategy.CONTINUATION ? MANY : MANY_THREADS;
    // So many are worth being compiled thoroughly.
    String output =
        new ChildJvm()
            .with("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=4")
            .run(Abandoning.class, strategy.name(), Integer.toString(count));

    assertThat(output).contains(count + " abandoned, no more threads than at once");
  }

  /** Begins continuations and keeps none; its arguments are a strategy and how many. */
  public static final class Abandoning {
    private static final int AT_ONCE = 500;

    private Abandoning() {}

    public static void main(String[] arguments) throws InterruptedException {
      Strategy strategy = Strategy.valueOf(arguments[0]);
      int count = Integer.parseInt(arguments[1]);
      if (strategy == Strategy.CONTINUATION) {
        drop(count);
      } else {
        close(strategy, count);
      }
      // One that has let its code end may not yet be ready for the next.
      int most = strategy == Strategy.CONTINUATION ? 0 : 2 * AT_ONCE;
      Waiting.until("no more threads than at once", () -> threads() <= most);
      System.out.println(count + " abandoned, no more threads than at once");
    }

    /** They are collected where they stand. */
    private static void drop(int count) {
      for (int i = 0; i < count; i++) {
        Continuation continuation =
            Continuation.builder()
                .strategy(Strategy.CONTINUATION)
                .live()
                .holdsNoMonitors()
                .build(
                    self -> {
                      byte[] local = new byte[100];
                      self.suspend(local);
                    });
        begin(continuation);
      }
    }

    /** They are closed once they are collected. */
    private static void close(Strategy strategy, int count) throws InterruptedException {
      Semaphore ended = new Semaphore(0);
      for (int begun = 0; begun < count; begun += AT_ONCE) {
        for (int i = 0; i < AT_ONCE; i++) {
          begin(
              Kinds.live(
                  strategy,
                  self -> {
                    try {
                      self.suspend();
                    } finally {
                      ended.release();
                    }
                  }));
        }
        do {
          System.gc();
        } while (!ended.tryAcquire(AT_ONCE, 100, TimeUnit.MILLISECONDS));
      }
    }

    private static void begin(Continuation continuation) {
      if (!continuation.resume()) {
        throw new AssertionError("not suspended");
      }
    }

    private static long threads() {
      return Thread.getAllStackTraces().keySet().stream()
          .filter(thread -> thread.getName().startsWith("fermata-"))
          .count();
    }
  }
}
