// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ChildJvm;
import dev.fermata.Strategy;
import java.lang.ref.Cleaner;
import java.lang.ref.WeakReference;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The row of the table of outcomes about continuations that nobody holds any more. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DroppedTest {
  private static final String ALL = "dev.fermata.continuation.Kinds#all";

  @ParameterizedTest
  @MethodSource(ALL)
  void itIsDropped(Strategy strategy) {
    CountDownLatch ended = new CountDownLatch(1);
    WeakReference<Object> onItsStack = suspendAndDrop(strategy, ended);

    if (strategy == Strategy.CONTINUATION) {
      while (onItsStack.get() != null) {
        System.gc();
      }
      assertThat(ended.getCount()).as("its finally block did not run").isOne();
      return;
    }
    while (ended.getCount() > 0) {
      System.gc();
      Thread.yield();
    }
  }

  private static WeakReference<Object> suspendAndDrop(Strategy strategy, CountDownLatch ended) {
    WeakReference<?>[] held = new WeakReference<?>[1];
    Continuation continuation =
        Kinds.live(
            strategy,
            self -> {
              Object local = new Object();
              held[0] = new WeakReference<>(local);
              try {
                self.suspend();
              } finally {
                ended.countDown();
              }
              assertThat(local).isNotNull();
            });
    continuation.resume();
    @SuppressWarnings("unchecked")
    WeakReference<Object> local = (WeakReference<Object>) held[0];
    return local;
  }

  @Test
  void itIsDroppedWhileItRuns() throws Exception {
    // Compiled, and not interpreted, code lets go of what it does not use any more.
    String output =
        new ChildJvm()
            .with(
                "-Xcomp",
                "-XX:CompileCommand=quiet",
                "-XX:CompileCommand=compileonly,dev.fermata.continuation.Continuation::*",
                "-XX:CompileCommand=compileonly," + WhileItRuns.class.getName() + "::*")
            .run(WhileItRuns.class);
    assertThat(output).contains("its finally block ran");
  }

  /** Lets a continuation be collected, if that can be, before its first suspend. */
  public static final class WhileItRuns {
    private static final Cleaner CLEANER = Cleaner.create();
    private static final CountDownLatch ENDED = new CountDownLatch(1);

    private WhileItRuns() {}

    public static void main(String[] arguments) {
      suspendAndDrop();
      while (ENDED.getCount() > 0) {
        System.gc();
        Thread.yield();
      }
      System.out.println("its finally block ran");
    }

    private static void suspendAndDrop() {
      Kinds.live(
              Strategy.HANDOFF,
              self -> {
                try {
                  collect();
                  self.suspend();
                } finally {
                  ENDED.countDown();
                }
              })
          .resume();
    }

    /** Returns when objects that became unreachable before have been cleaned up after. */
    private static void collect() {
      for (int i = 0; i < 5; i++) {
        CountDownLatch cleaned = new CountDownLatch(1);
        CLEANER.register(new Object(), cleaned::countDown);
        while (cleaned.getCount() > 0) {
          System.gc();
          Thread.yield();
        }
      }
    }
  }
}
