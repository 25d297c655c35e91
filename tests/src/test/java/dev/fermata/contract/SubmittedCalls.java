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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * An executor under each setup, for tests of calls that their action does not wait for. No call may
 * be left open when a test has ended.
 */
@ParameterizedClass
@MethodSource("dev.fermata.testing.Setup#all")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class SubmittedCalls {
  static final Duration SOON = Duration.ofMillis(20);

  @Parameter Setup setup;
  final CountDownLatch never = new CountDownLatch(1);
  Driver driver;

  @BeforeEach
  void open() {
    driver = new Driver(setup, builder -> builder.asyncThreads(2));
  }

  @AfterEach
  void closeFindsNoSlotInUse() {
    assertThat(driver.gauges().inFlight()).isZero();
    driver.close();
  }

  <T> CompletableFuture<T> submit(ContinuationContext context, Supplier<T> supplier) {
    return driver.executor().submit(context, supplier);
  }

  static void assertFailed(CompletableFuture<?> call, ErrorKind kind) {
    assertThatThrownBy(() -> call.get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            FermataException.class, thrown -> assertThat(thrown.kind()).isEqualTo(kind));
  }

  static <T> T after(CountDownLatch latch, T value) {
    Waiting.await(latch);
    return value;
  }

  Object signalAndWait(CountDownLatch running, CountDownLatch interrupted) {
    running.countDown();
    return interrupted(interrupted);
  }

  Object interrupted(CountDownLatch interrupted) {
    try {
      Waiting.await(never);
    } catch (Waiting.Interrupted expected) {
      interrupted.countDown();
    }
    return null;
  }
}
