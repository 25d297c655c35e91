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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code cancel}: what it ends, what it leaves alone, and how long it lasts. */
@ParameterizedClass
@MethodSource("dev.fermata.testing.Setup#all")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CancelTest {
  private static final Duration LONG = Duration.ofHours(1);

  @Parameter Setup setup;
  private final CountDownLatch never = new CountDownLatch(1);
  private final List<Thread> helpers = new ArrayList<>();
  private Driver driver;

  @BeforeEach
  void open() {
    driver = new Driver(setup, builder -> builder.asyncThreads(2));
  }

  @AfterEach
  void close() {
    helpers.forEach(Waiting::join);
    driver.close();
  }

  @Test
  void aRunningCallIsCancelledAndItsSupplierInterrupted() {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    ContinuationContext context = new ContinuationContext();
    cancelAfter(running, context);

    driver.start(
        context,
        () -> assertCancelled(() -> call(context, () -> waitForInterrupt(running, interrupted))));
    driver.finish();

    Waiting.await(interrupted);
    assertThat(driver.bean().getCancelledCalls()).isEqualTo(1);
  }

  @Test
  void cancellationLastsUntilTheActionEnds() {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    ContinuationContext context = new ContinuationContext();
    cancelAfter(running, context);

    driver.start(
        context,
        () -> {
          assertCancelled(() -> call(context, () -> waitForInterrupt(running, interrupted)));
          assertCancelled(() -> call(context, () -> 1));
          assertCancelled(() -> driver.executor().sleep(context, LONG));
          assertCancelled(() -> gather(context, List.of(() -> 1, () -> 2)));
        });
    driver.finish();
    AtomicInteger value = new AtomicInteger();
    driver.start(context, () -> value.set(call(context, () -> 42)));
    driver.finish();

    assertThat(value).as("the next action of the same context").hasValue(42);
  }

  @Test
  void anActionThatCancelsItselfIsCancelledAtItsNextWait() {
    driver.run(
        context -> {
          driver.executor().cancel(context);
          assertCancelled(() -> call(context, () -> 1));
          return null;
        });
  }

  @Test
  void aSleepIsCancelled() {
    CountDownLatch begun = new CountDownLatch(1);
    ContinuationContext context = new ContinuationContext();
    cancelAfter(begun, context);

    driver.start(
        context,
        () -> {
          begun.countDown();
          assertCancelled(() -> driver.executor().sleep(context, LONG));
        });
    driver.finish();
  }

  @Test
  void everyCallOfAGatherIsCancelled() {
    CountDownLatch running = new CountDownLatch(setup.suspends() ? 2 : 1);
    CountDownLatch interrupted = new CountDownLatch(setup.suspends() ? 2 : 1);
    AtomicBoolean third = new AtomicBoolean();
    ContinuationContext context = new ContinuationContext();
    cancelAfter(running, context);

    driver.start(
        context,
        () ->
            assertCancelled(
                () ->
                    gather(
                        context,
                        List.of(
                            () -> waitForInterrupt(running, interrupted),
                            () -> waitForInterrupt(running, interrupted),
                            () -> third.getAndSet(true)))));
    driver.finish();

    Waiting.await(interrupted);
    assertThat(third).as("ran although it was queued when its action was cancelled").isFalse();
  }

  @Test
  void theCallsThatAreLeftAreInterruptedWhenOneOfAGatherFails() {
    if (!setup.suspends()) {
      return;
    }
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    IllegalStateException failure = new IllegalStateException("first");

    Throwable thrown =
        driver.failureOf(
            context ->
                gather(
                    context,
                    List.of(
                        () -> waitForInterrupt(running, interrupted),
                        () -> {
                          Waiting.await(running);
                          throw failure;
                        })));

    assertThat(thrown).isSameAs(failure);
    Waiting.await(interrupted);
  }

  @Test
  void failuresOfAGatherThatCameTogetherAreSuppressed() {
    if (!setup.suspends()) {
      return;
    }
    RuntimeException first = new RuntimeException("first");
    RuntimeException second = new RuntimeException("second");
    CountDownLatch suspended = new CountDownLatch(1);
    CountDownLatch after = new CountDownLatch(1);
    try (Driver single = new Driver(setup, builder -> builder.asyncThreads(1))) {
      single.start(
          context -> {
            List<Supplier<Object>> both =
                List.of(() -> failAfter(suspended, first), () -> failAfter(suspended, second));
            assertThatThrownBy(() -> single.executor().gather(context, both))
                .isSameAs(first)
                .satisfies(thrown -> assertThat(thrown.getSuppressed()).contains(second));
          });
      // The worker takes calls in order, so both have failed when this one runs.
      single.start(
          context ->
              single
                  .executor()
                  .executeAsync(
                      context,
                      () -> {
                        after.countDown();
                        return null;
                      }));
      suspended.countDown();
      Waiting.await(after);

      single.finish();
    }
  }

  @Test
  void withoutAnActionCancelDoesNothing() {
    ContinuationContext context = new ContinuationContext();
    AtomicInteger value = new AtomicInteger();

    driver.executor().cancel(context);
    driver.start(context, () -> value.set(call(context, () -> 1)));
    driver.finish();
    driver.executor().cancel(context);
    driver.start(context, () -> value.addAndGet(call(context, () -> 1)));
    driver.finish();

    assertThat(value).hasValue(2);
  }

  @Test
  void aCallThatRunsInPlaceUnderAMonitorIsCancelled() {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    ContinuationContext context = new ContinuationContext();
    cancelAfter(running, context);

    driver.start(
        context,
        () -> {
          synchronized (context) {
            assertCancelled(() -> call(context, () -> waitForInterrupt(running, interrupted)));
          }
          assertThat(Thread.currentThread().isInterrupted()).as("interrupt left behind").isFalse();
        });
    driver.finish();

    Waiting.await(interrupted);
  }

  /** Cancels at every moment of short actions; whatever comes of one, the next is not harmed. */
  @Test
  void cancelRacesWithTheEndOfActions() {
    ContinuationContext context = new ContinuationContext();
    AtomicBoolean stop = new AtomicBoolean();
    Thread canceller =
        helper(
            () -> {
              while (!stop.get()) {
                driver.executor().cancel(context);
                Thread.yield();
              }
            });
    AtomicInteger ended = new AtomicInteger();
    for (int i = 0; i < 500; i++) {
      driver.start(
          context,
          () -> {
            try {
              call(context, () -> 1);
            } catch (FermataException cancelled) {
              assertThat(cancelled.kind()).isEqualTo(ErrorKind.CANCELLED);
            }
            ended.incrementAndGet();
          });
      driver.finish();
    }
    stop.set(true);
    Waiting.join(canceller);

    assertThat(ended).hasValue(500);
    assertThat(driver.gauges().inFlight()).isZero();
  }

  private void cancelAfter(CountDownLatch moment, ContinuationContext context) {
    helper(
        () -> {
          Waiting.await(moment);
          driver.executor().cancel(context);
        });
  }

  private Thread helper(Runnable code) {
    Thread thread = new Thread(code, "canceller");
    thread.setDaemon(true);
    thread.start();
    helpers.add(thread);
    return thread;
  }

  private static void assertCancelled(ThrowingCallable wait) {
    assertThatThrownBy(wait)
        .isInstanceOfSatisfying(
            FermataException.class,
            thrown -> assertThat(thrown.kind()).isEqualTo(ErrorKind.CANCELLED));
  }

  private <T> T call(ContinuationContext context, Supplier<T> supplier) {
    return driver.executor().executeAsync(context, supplier);
  }

  private List<Object> gather(ContinuationContext context, List<Supplier<Object>> suppliers) {
    return driver.executor().gather(context, suppliers);
  }

  private Object waitForInterrupt(CountDownLatch running, CountDownLatch interrupted) {
    running.countDown();
    try {
      Waiting.await(never);
    } catch (Waiting.Interrupted expected) {
      interrupted.countDown();
    }
    return null;
  }

  private static Object failAfter(CountDownLatch moment, RuntimeException failure) {
    Waiting.await(moment);
    throw failure;
  }
}
