// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ActionLoop;
import dev.fermata.ChildJvm;
import dev.fermata.Strategy;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Waiting;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Virtual threads in a JVM that keeps no list of them, so that nothing but Fermata leads there. */
@Tag("java24")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class UntrackedThreadTest {
  @Test
  void suspendedCodeIsKeptAndDroppedCodeIsClosed() throws Exception {
    String output = new ChildJvm().with("-Djdk.trackAllThreads=false").run(WithoutTracking.class);

    assertThat(output.lines())
        .contains(
            "generated: [0, 1, 2]",
            "resumed: true after a collection",
            "dropped: its finally block ran",
            "action: true after a collection");
  }

  /** Goes through what would miss a thread that was collected. */
  public static final class WithoutTracking {
    private WithoutTracking() {}

    public static void main(String[] arguments) throws Exception {
      try (Generator<Integer> generator = new Upwards()) {
        System.out.println(
            "generated: " + List.of(generator.next(), generator.next(), generator.next()));
      }
      resumeAfterCollection();
      drop();
      try (ActionLoop loop = Setup.VIRTUAL.build(ActionLoop.builder())) {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        CompletableFuture<Boolean> future =
            loop.submit(
                scope -> {
                  begun.countDown();
                  answer.await();
                  return scope.call(() -> true);
                });
        // Actions run one slice at a time: the next begins when the first waits.
        Waiting.await(begun);
        loop.submit(scope -> null).join();
        System.gc();
        answer.countDown();
        System.out.println(
            "action: "
                + future.get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS)
                + " after a collection");
      }
    }

    private static void resumeAfterCollection() {
      boolean[] resumed = new boolean[1];
      Continuation continuation =
          Kinds.live(
              Strategy.VIRTUAL,
              self -> {
                self.suspend();
                resumed[0] = true;
              });
      continuation.resume();
      System.gc();
      continuation.resume();
      System.out.println("resumed: " + resumed[0] + " after a collection");
    }

    private static void drop() {
      CountDownLatch ended = new CountDownLatch(1);
      Kinds.live(
              Strategy.VIRTUAL,
              self -> {
                try {
                  self.suspend();
                } finally {
                  ended.countDown();
                }
              })
          .resume();
      Waiting.until(
          "the dropped one is closed",
          () -> {
            System.gc();
            return ended.getCount() == 0;
          });
      System.out.println("dropped: its finally block ran");
    }
  }

  private static final class Upwards extends Generator<Integer> {
    private static final long serialVersionUID = 1L;

    Upwards() {
      super(Continuation.builder().strategy(Strategy.VIRTUAL));
    }

    @Override
    protected void generate() {
      for (int i = 0; ; i++) {
        emit(i);
      }
    }
  }
}
