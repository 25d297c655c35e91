// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ActionLoop;
import dev.fermata.ContinuationContext;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.testing.Driver;
import dev.fermata.testing.Setup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** As many actions suspended at once as promised: 10,000, or 2,000 where each needs a thread. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CapacityTest {
  private static final int ACTIONS = Runtime.version().feature() >= 21 ? 10_000 : 2_000;

  @Test
  void everyActionOfALoopFinishesItsSleepOfASecond() throws Exception {
    try (ActionLoop loop = ActionLoop.builder().build()) {
      List<CompletableFuture<Integer>> futures = new ArrayList<>();
      for (int i = 0; i < ACTIONS; i++) {
        int number = i;
        futures.add(
            loop.submit(
                scope -> {
                  scope.sleep(Duration.ofSeconds(1));
                  return number;
                }));
      }
      for (int i = 0; i < ACTIONS; i++) {
        assertThat(futures.get(i).get(90, TimeUnit.SECONDS)).isEqualTo(i);
      }
    }
  }

  @Test
  void allAreSuspendedAtOnceAndNoneIsLost() {
    Setup setup = Runtime.version().feature() >= 21 ? Setup.CONTINUATION : Setup.HANDOFF;
    AtomicInteger cancelled = new AtomicInteger();
    List<ContinuationContext> contexts = new ArrayList<>();
    try (Driver driver = new Driver(setup)) {
      for (int i = 0; i < ACTIONS; i++) {
        contexts.add(
            driver.start(
                context -> {
                  try {
                    driver.executor().sleep(context, Duration.ofHours(1));
                  } catch (FermataException expected) {
                    assertThat(expected.kind()).isEqualTo(ErrorKind.CANCELLED);
                    cancelled.incrementAndGet();
                  }
                }));
      }
      assertThat(driver.gauges().suspended()).isEqualTo(ACTIONS);
      assertThat(driver.gauges().sleeping()).isEqualTo(ACTIONS);
      assertThat(driver.gauges().timerEntries()).isEqualTo(ACTIONS);
      assertThat(driver.gauges().workers()).isZero();

      contexts.forEach(driver.executor()::cancel);
      driver.finish();
    }

    assertThat(cancelled).hasValue(ACTIONS);
  }
}
