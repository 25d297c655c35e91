// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.Strategy;
import java.lang.ref.WeakReference;
import java.util.concurrent.CountDownLatch;
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
}
