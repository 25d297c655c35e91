// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ContinuationContext;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.testing.Driver;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Supplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Bounded queues and tables: what finds no place waits or is refused, and nothing is lost. */
@ParameterizedClass
@MethodSource("dev.fermata.testing.Setup#suspending")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BackpressureTest {
  private static final int ACTIONS = 200;
  private static final int ROUNDS = 4;

  @Parameter Setup setup;
  private volatile ContinuationContext waiting;

  @Test
  void aQueueOfOnePlaceLosesNoCall() {
    AtomicIntegerArray runs = new AtomicIntegerArray(ACTIONS * ROUNDS);
    try (Driver driver = new Driver(setup, builder -> builder.asyncThreads(2).queueCapacity(1))) {
      int[] sum = new int[1];
      for (int i = 0; i < ACTIONS; i++) {
        int action = i;
        driver.start(
            context -> {
              for (int round = 0; round < ROUNDS; round++) {
                int number = action * ROUNDS + round;
                int value =
                    driver
                        .executor()
                        .executeAsync(
                            context,
                            () -> {
                              runs.incrementAndGet(number);
                              return 1;
                            });
                // Read after the call: other actions have added meanwhile.
                sum[0] += value;
              }
            });
      }
      driver.finish();

      assertThat(sum[0]).isEqualTo(ACTIONS * ROUNDS);
      assertThat(driver.bean().getCompletedCalls()).isEqualTo(ACTIONS * ROUNDS);
    }
    for (int i = 0; i < runs.length(); i++) {
      assertThat(runs.get(i)).as("runs of supplier %d", i).isEqualTo(1);
    }
  }

  @Test
  void aGatherLargerThanTheQueueCompletes() {
    try (Driver driver = new Driver(setup, builder -> builder.asyncThreads(1).queueCapacity(1))) {
      List<Supplier<Integer>> suppliers = new ArrayList<>();
      suppliers.add(
          () -> {
            Waiting.until("a call waits", () -> driver.bean().getBackpressuredCalls() == 1);
            return 0;
          });
      for (int i = 1; i < 100; i++) {
        int value = i;
        suppliers.add(() -> value);
      }

      List<Integer> values = driver.run(context -> driver.executor().gather(context, suppliers));

      for (int i = 0; i < 100; i++) {
        assertThat(values.get(i)).isEqualTo(i);
      }
    }
  }

  @Test
  void aCallThatWaitsForAPlaceCanBeCancelled() {
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch running = new CountDownLatch(1);
    try (Driver driver = new Driver(setup, builder -> builder.asyncThreads(1).queueCapacity(1))) {
      driver.start(
          context -> driver.executor().executeAsync(context, () -> signalAndWait(running, never)));
      Waiting.await(running);
      driver.start(context -> driver.executor().executeAsync(context, () -> 1));
      Thread canceller = new Thread(() -> cancelWhenBackpressured(driver));
      canceller.start();

      driver.start(
          context -> {
            waiting = context;
            assertThatThrownBy(() -> driver.executor().executeAsync(context, () -> 2))
                .isInstanceOfSatisfying(
                    FermataException.class,
                    thrown -> assertThat(thrown.kind()).isEqualTo(ErrorKind.CANCELLED));
            never.countDown();
          });
      driver.finish();
      Waiting.join(canceller);
    }
  }

  private void cancelWhenBackpressured(Driver driver) {
    Waiting.until("a call waits", () -> driver.bean().getBackpressuredCalls() == 1);
    driver.executor().cancel(waiting);
  }

  @Test
  void oneCallMoreThanTheTableHoldsIsRefusedAndTheOthersGoOn() {
    CountDownLatch release = new CountDownLatch(1);
    try (Driver driver = new Driver(setup, builder -> builder.maxCalls(2))) {
      for (int i = 0; i < 2; i++) {
        driver.start(context -> driver.executor().executeAsync(context, () -> waitFor(release)));
      }
      driver.start(
          context -> {
            assertRefused(() -> driver.executor().executeAsync(context, () -> 3));
            assertRefused(() -> driver.executor().sleep(context, Duration.ofMillis(1)));
            assertRefused(() -> driver.executor().gather(context, List.of(() -> 3, () -> 4)));
          });
      release.countDown();
      driver.finish();

      assertThat(driver.<Integer>run(ctx -> driver.executor().executeAsync(ctx, () -> 5)))
          .isEqualTo(5);
    }
  }

  private static void assertRefused(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            FermataException.class,
            thrown -> {
              assertThat(thrown.kind()).isEqualTo(ErrorKind.TOO_MANY_CALLS);
              assertThat(thrown.isRetryable()).isTrue();
            });
  }

  private static Void signalAndWait(CountDownLatch running, CountDownLatch latch) {
    running.countDown();
    return waitFor(latch);
  }

  private static Void waitFor(CountDownLatch latch) {
    Waiting.await(latch);
    return null;
  }
}
