// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.testing.Driver;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Waiting;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Owners that run actions while they hold a monitor: since Java 24 the JVM would move it away with
 * the suspended action. Not one that was fought for, or that it put elsewhere for want of room: it
 * stays where it is, and the action may be suspended.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OwnerMonitorTest {
  private static final int ACTIONS = 200;
  private static final boolean MOVES_MONITORS = Runtime.version().feature() >= 24;

  private final AtomicInteger calls = new AtomicInteger();

  @ParameterizedTest
  @MethodSource("dev.fermata.testing.Setup#suspending")
  void theOwnerKeepsItsMonitor(Setup setup) {
    int refused = 0;
    try (Driver driver = new Driver(setup)) {
      for (int i = 0; i < ACTIONS; i++) {
        Object monitor = new Object();
        refused += startUnder(monitor, driver);
        driver.finish();
        assertAnotherThreadCanHave(monitor);
      }
      assertThat(calls).hasValue(2 * (ACTIONS - refused));
      assertThat(refused > 0).isEqualTo(setup == Setup.VIRTUAL);
      assertThat(driver.bean().getPinnedCalls() > 0)
          .isEqualTo(MOVES_MONITORS && setup == Setup.CONTINUATION);
    }
  }

  /** Returns 1 if the executor refused to run the action, else 0. */
  private int startUnder(Object monitor, Driver driver) {
    synchronized (monitor) {
      try {
        driver.start(
            context -> {
              driver.executor().executeAsync(context, calls::incrementAndGet);
              driver.executor().executeAsync(context, calls::incrementAndGet);
            });
        return 0;
      } catch (IllegalStateException refused) {
        assertThat(refused).hasMessageContaining("the owner holds a monitor");
        return 1;
      }
    }
  }

  private void assertAnotherThreadCanHave(Object monitor) {
    Thread other =
        new Thread(
            () -> {
              synchronized (monitor) {
                calls.get();
              }
            });
    other.start();
    Waiting.join(other);
  }
}
