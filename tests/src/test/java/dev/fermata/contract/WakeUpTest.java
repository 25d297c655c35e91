// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.testing.Driver;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * How an owner learns that actions can go on: once per burst, and never while nothing completes.
 */
@ParameterizedClass
@MethodSource("dev.fermata.testing.Setup#suspending")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WakeUpTest {
  private static final int ACTIONS = 50;

  @Parameter Setup setup;
  private final AtomicInteger wakeUps = new AtomicInteger();
  private final CountDownLatch release = new CountDownLatch(1);
  private final CountDownLatch unwatched = new CountDownLatch(1);
  private Driver driver;
  private ContinuationActionExecutor executor;

  @BeforeEach
  void open() {
    driver =
        new Driver(setup, builder -> builder.asyncThreads(ACTIONS).waker(wakeUps::incrementAndGet));
    executor = driver.executor();
  }

  @AfterEach
  void close() {
    release.countDown();
    driver.close();
  }

  @Test
  void theOwnerIsNotWokenWhileNothingCompletes() throws Exception {
    assertThat(executor.drainReady()).isEmpty();
    CountDownLatch running = new CountDownLatch(ACTIONS);
    startBlocked(running);
    Waiting.await(running);

    assertThat(executor.drainReady()).isEmpty();
    assertThat(executor.awaitReady(Duration.ofMillis(30))).isFalse();
    assertThat(wakeUps).hasValue(0);
    assertThat(driver.gauges().wakeUps()).isZero();
    assertThat(driver.gauges().suspended()).isEqualTo(ACTIONS);
  }

  @Test
  void aBurstOfCompletionsWakesTheOwnerOnce() {
    assertThat(executor.drainReady()).isEmpty();
    startBlocked(new CountDownLatch(ACTIONS));
    release.countDown();
    awaitAllDone();

    assertThat(wakeUps).hasValue(1);
    assertThat(driver.gauges().wakeUps()).isEqualTo(1);

    assertThat(executor.drainReady()).hasSize(ACTIONS);
    assertThat(executor.drainReady()).isEmpty();
    assertThat(wakeUps).hasValue(1);
  }

  @Test
  void theNextBurstWakesTheOwnerAgain() {
    assertThat(executor.drainReady()).isEmpty();
    for (int burst = 1; burst <= 3; burst++) {
      driver.start(context -> executor.executeAsync(context, () -> 1));
      driver.finish();
      assertThat(executor.drainReady()).isEmpty();

      assertThat(wakeUps).hasValueLessThanOrEqualTo(burst);
    }
  }

  @Test
  void eachReadyContextIsHandedOutOnce() {
    Set<ContinuationContext> suspended = new HashSet<>(startBlocked(new CountDownLatch(ACTIONS)));
    release.countDown();
    awaitAllDone();

    List<ContinuationContext> ready = executor.drainReady();

    assertThat(ready).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(suspended);
    assertThat(executor.drainReady()).isEmpty();
    for (ContinuationContext context : ready) {
      assertThat(executor.executeAction(context, () -> {})).isTrue();
    }
  }

  @Test
  void aContextThatIsNotReadyIsNotRun() {
    CountDownLatch running = new CountDownLatch(1);
    AtomicInteger resumed = new AtomicInteger();
    ContinuationContext context = new ContinuationContext();
    Runnable action =
        () -> {
          executor.executeAsync(context, () -> waitForRelease(running));
          resumed.incrementAndGet();
        };
    assertThat(executor.executeAction(context, action)).isFalse();
    Waiting.await(running);

    for (int i = 0; i < 1_000; i++) {
      assertThat(executor.executeAction(context, action)).isFalse();
    }
    assertThat(resumed).hasValue(0);

    release.countDown();
    Runnable ignored = () -> resumed.addAndGet(100);
    Waiting.until("the action ended", () -> executor.executeAction(context, ignored));
    assertThat(resumed).as("the action that was begun went on").hasValue(1);
  }

  @Test
  void anOwnerThatOnlyPollsPilesNothingUp() {
    for (int i = 0; i < 200; i++) {
      ContinuationContext context = new ContinuationContext();
      Runnable action = () -> executor.executeAsync(context, () -> 1);
      Waiting.until("the action ended", () -> executor.executeAction(context, action));
    }

    assertThat(wakeUps).as("wake-ups of an owner that never drained").hasValue(0);
    assertThat(executor.drainReady()).isEmpty();
  }

  @Test
  void awaitReadyEndsWhenAContextIsReady() throws Exception {
    driver.start(context -> executor.executeAsync(context, () -> waitForRelease(unwatched)));
    release.countDown();

    assertThat(executor.awaitReady(Waiting.LIMIT)).isTrue();
    assertThat(executor.awaitReady(Waiting.LIMIT)).as("still ready").isTrue();
    driver.finish();
    assertThat(executor.awaitReady(Duration.ZERO)).isFalse();
  }

  @Test
  void awaitReadyIsInterruptible() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> executor.awaitReady(Waiting.LIMIT))
        .isInstanceOf(InterruptedException.class);
    assertThat(Thread.currentThread().isInterrupted()).isFalse();

    Thread owner = Thread.currentThread();
    Thread interrupter =
        new Thread(
            () -> {
              Waiting.until(
                  "the owner waits", () -> owner.getState() == Thread.State.TIMED_WAITING);
              owner.interrupt();
            });
    interrupter.start();
    assertThatThrownBy(() -> executor.awaitReady(Waiting.LIMIT))
        .isInstanceOf(InterruptedException.class);
    Waiting.join(interrupter);
  }

  @Test
  void aWakerThatThrowsLosesNoCompletion() {
    AtomicInteger called = new AtomicInteger();
    Runnable broken =
        () -> {
          called.incrementAndGet();
          throw new IllegalStateException("a waker must not throw");
        };
    try (Driver careless = new Driver(setup, builder -> builder.waker(broken))) {
      assertThat(careless.executor().drainReady()).isEmpty();
      careless.start(ctx -> careless.executor().executeAsync(ctx, () -> waitForRelease(unwatched)));
      release.countDown();
      careless.finish();
    }
    assertThat(called).hasPositiveValue();
  }

  private List<ContinuationContext> startBlocked(CountDownLatch running) {
    List<ContinuationContext> contexts = new ArrayList<>();
    for (int i = 0; i < ACTIONS; i++) {
      ContinuationContext context = new ContinuationContext();
      contexts.add(context);
      Runnable action = () -> executor.executeAsync(context, () -> waitForRelease(running));
      assertThat(executor.executeAction(context, action)).isFalse();
    }
    return contexts;
  }

  private void awaitAllDone() {
    Waiting.until(
        "every call is done", () -> driver.gauges().queued() + driver.gauges().running() == 0);
  }

  private Void waitForRelease(CountDownLatch running) {
    running.countDown();
    Waiting.await(release);
    return null;
  }
}
