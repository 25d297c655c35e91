// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.fermata.Strategy;
import dev.fermata.testing.Waiting;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of outcomes in CONTINUATIONS.md, cell by cell: threads. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ThreadOutcomeTest {
  private static final String ALL = "dev.fermata.continuation.Kinds#all";

  @ParameterizedTest
  @MethodSource(ALL)
  void otherThreadsResumeIt(Strategy strategy) {
    int[] count = new int[1];
    Continuation continuation =
        Kinds.live(
            strategy,
            self -> {
              for (; count[0] < 100; count[0]++) {
                self.suspend(count[0]);
              }
            });
    for (int i = 0; i < 100; i++) {
      int expected = i;
      Runnable step =
          () -> {
            assertThat(continuation.resume()).isTrue();
            assertThat(continuation.value()).isEqualTo(expected);
          };
      CompletableFuture.runAsync(step, code -> new Thread(code).start()).join();
    }
    assertThat(continuation.resume()).isFalse();
  }

  @ParameterizedTest
  @MethodSource(ALL)
  @Tag("java21")
  void virtualThreadsResumeIt(Strategy strategy) throws Exception {
    List<Object> values = new ArrayList<>();
    Continuation continuation =
        Kinds.live(
            strategy,
            self -> {
              for (int i = 0; i < 6; i++) {
                sleepAMillisecond();
                self.suspend(i);
              }
            });
    while (continuation.isResumable()) {
      Runnable step =
          () -> {
            if (continuation.resume()) {
              values.add(continuation.value());
            }
          };
      if (values.size() % 3 == 2) {
        step.run();
      } else {
        Thread virtual =
            (Thread)
                Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, step);
        Waiting.join(virtual);
      }
    }
    assertThat(values).containsExactly(0, 1, 2, 3, 4, 5);
  }

  private static void sleepAMillisecond() {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void whatBlocksInItBlocksItsCaller(Strategy strategy) {
    CountDownLatch blocked = new CountDownLatch(1);
    CountDownLatch opened = new CountDownLatch(1);
    Continuation continuation =
        Kinds.live(
            strategy,
            self -> {
              blocked.countDown();
              Waiting.await(opened);
              self.suspend("after the wait");
            });
    CompletableFuture<Boolean> resumed =
        CompletableFuture.supplyAsync(continuation::resume, code -> new Thread(code).start());
    Waiting.await(blocked);
    assertThat(resumed).isNotDone();
    assertThatExceptionOfType(IllegalContinuationStateException.class)
        .isThrownBy(continuation::resume)
        .withMessageContaining("is running");
    opened.countDown();

    assertThat(resumed.join()).isTrue();
    assertThat(continuation.value()).isEqualTo("after the wait");
    continuation.close();
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void itIsClosedWhileItRuns(Strategy strategy) {
    List<String> events = new ArrayList<>();
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    Continuation continuation =
        Kinds.live(
            strategy,
            self -> {
              try {
                running.countDown();
                Waiting.await(closed);
                self.suspend();
              } finally {
                events.add("finally");
              }
            });
    CompletableFuture<Throwable> thrown =
        CompletableFuture.supplyAsync(
            () -> catchThrowable(continuation::resume), code -> new Thread(code).start());
    Waiting.await(running);
    continuation.close();
    closed.countDown();

    assertThat(thrown.join())
        .isInstanceOf(IllegalContinuationStateException.class)
        .hasMessageContaining("was closed while it ran");
    assertThat(events).containsExactly("finally");
    assertThat(continuation.isCompleted()).isTrue();
  }

  @ParameterizedTest
  @MethodSource(ALL)
  void threadAndThreadLocals(Strategy strategy) {
    ThreadLocal<String> local = new ThreadLocal<>();
    local.set("the caller's");
    Thread caller = Thread.currentThread();
    Continuation continuation =
        Kinds.live(
            strategy, self -> self.suspend((Thread.currentThread() == caller) + " " + local.get()));
    continuation.resume();

    boolean same = strategy == Strategy.CONTINUATION;
    assertThat(continuation.value()).isEqualTo(same + " " + (same ? "the caller's" : null));
    continuation.close();
  }
}
