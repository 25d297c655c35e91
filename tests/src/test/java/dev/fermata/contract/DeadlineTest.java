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
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Deadlines of calls, and where the interrupts go that end them. One worker. */
@ParameterizedClass
@MethodSource("dev.fermata.testing.Setup#all")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DeadlineTest {
  private static final Duration SOON = Duration.ofMillis(20);

  @Parameter Setup setup;
  private final CountDownLatch never = new CountDownLatch(1);
  private final CountDownLatch any = new CountDownLatch(0);
  private Driver driver;

  @BeforeEach
  void open() {
    driver = new Driver(setup, builder -> builder.asyncThreads(1));
  }

  @AfterEach
  void close() {
    driver.close();
  }

  @Test
  void aRunningCallTimesOutAndItsSupplierIsInterrupted() {
    CountDownLatch interrupted = new CountDownLatch(1);

    FermataException timedOut =
        driver.run(context -> timedOut(context, () -> waitUntilInterrupted(interrupted)));
    Waiting.await(interrupted);

    assertThat(timedOut).hasMessageContaining("deadline");
    assertThat(timedOut.isRetryable()).isTrue();
    assertThat(driver.bean().getTimedOutCalls()).isEqualTo(1);
  }

  @Test
  void theInterruptDoesNotReachTheNextCallOfTheWorkerOrTheAction() {
    CountDownLatch interrupted = new CountDownLatch(1);

    boolean next =
        driver.run(
            context -> {
              timedOut(context, () -> waitUntilInterrupted(interrupted));
              boolean action = Thread.currentThread().isInterrupted();
              return action || driver.executor().executeAsync(context, this::isInterrupted);
            });

    assertThat(next).isFalse();
  }

  /** The deadline comes at the very moment when the supplier ends by itself. */
  @Test
  void aDeadlineThatTiesWithTheEndOfItsCallInterruptsNobodyElse() {
    AtomicInteger interrupted = new AtomicInteger();
    AtomicInteger timedOut = new AtomicInteger();
    driver.run(
        context -> {
          for (int i = 0; i < 300; i++) {
            Duration deadline = Duration.ofNanos(100_000 + i * 5_000L);
            try {
              driver.executor().executeAsync(context, this::shortPark, deadline);
            } catch (FermataException caught) {
              assertThat(caught.kind()).isEqualTo(ErrorKind.TIMED_OUT);
              timedOut.incrementAndGet();
            }
            if (Thread.interrupted()
                || driver.executor().executeAsync(context, this::isInterrupted)) {
              interrupted.incrementAndGet();
            }
          }
          return null;
        });

    assertThat(interrupted).hasValue(0);
    assertThat(driver.bean().getTimedOutCalls()).isEqualTo(timedOut.get());
  }

  /**
   * However the deadline, the start of the supplier and the wake-up of its action are ordered: a
   * supplier that missed its interrupt would keep the only worker.
   */
  @Test
  void everySupplierThatTimedOutIsInterrupted() {
    int calls = 300;
    driver.run(
        context -> {
          for (int i = 0; i < calls; i++) {
            Duration deadline = Duration.ofNanos(1 + i * 1_000L);
            assertThatThrownBy(
                    () ->
                        driver
                            .executor()
                            .executeAsync(context, () -> waitUntilInterrupted(any), deadline))
                .isInstanceOf(FermataException.class);
            driver.executor().executeAsync(context, () -> null);
          }
          return null;
        });

    assertThat(driver.bean().getTimedOutCalls()).isEqualTo(calls);
  }

  @Test
  void aQueuedCallTimesOutWithoutHavingRun() {
    if (!setup.suspends()) {
      return;
    }
    AtomicBoolean ran = new AtomicBoolean();
    driver.start(context -> driver.executor().executeAsync(context, () -> waitFor(never)));
    driver.start(
        context -> {
          timedOut(context, () -> ran.getAndSet(true));
          never.countDown();
        });

    driver.finish();

    assertThat(ran).isFalse();
  }

  @Test
  void aCallThatTimedOutInTheQueueIsForgotten() {
    if (!setup.suspends()) {
      return;
    }
    CountDownLatch release = new CountDownLatch(1);
    List<WeakReference<Object>> suppliers = new ArrayList<>();
    driver.start(context -> driver.executor().executeAsync(context, () -> waitFor(release)));
    driver.start(
        context -> {
          timedOut(context, remembered(suppliers));
          release.countDown();
        });
    driver.finish();

    Waiting.until(
        "the supplier is collected",
        () -> {
          System.gc();
          return suppliers.get(0).get() == null;
        });
  }

  private static Supplier<Object> remembered(List<WeakReference<Object>> suppliers) {
    Object value = new Object();
    Supplier<Object> supplier = () -> value;
    suppliers.add(new WeakReference<>(supplier));
    return supplier;
  }

  @Test
  void theDefaultDeadlineHoldsForCallsThatNameNone() {
    try (Driver defaulted = new Driver(setup, builder -> builder.defaultDeadline(SOON))) {
      for (Throwable failure :
          List.of(
              defaulted.failureOf(
                  context -> defaulted.executor().executeAsync(context, () -> waitFor(never))),
              defaulted.failureOf(
                  context ->
                      defaulted
                          .executor()
                          .gather(context, List.<Supplier<Object>>of(() -> waitFor(never)))))) {
        assertThat(failure).isInstanceOf(FermataException.class);
        assertThat(((FermataException) failure).kind()).isEqualTo(ErrorKind.TIMED_OUT);
      }
    }
  }

  @Test
  void gatherTimesOutWhenOneOfItsCallsDoes() {
    Throwable failure =
        driver.failureOf(
            context ->
                driver
                    .executor()
                    .gather(
                        context,
                        List.<Supplier<Object>>of(() -> 1, () -> waitFor(never), () -> 3),
                        SOON));

    assertThat(failure).isInstanceOf(FermataException.class);
    assertThat(((FermataException) failure).kind()).isEqualTo(ErrorKind.TIMED_OUT);
  }

  @Test
  void aDeadlineBeyondTheEndOfTimeIsNone() {
    assertThat(
            driver.<String>run(
                context ->
                    driver
                        .executor()
                        .executeAsync(
                            context, () -> "in time", Duration.ofSeconds(Long.MAX_VALUE))))
        .isEqualTo("in time");
  }

  @Test
  void aSupplierThatInterruptsItselfHarmsNoLaterCall() {
    boolean next =
        driver.run(
            context -> {
              String value =
                  driver
                      .executor()
                      .executeAsync(
                          context,
                          () -> {
                            Thread.currentThread().interrupt();
                            return "done";
                          });
              assertThat(value).isEqualTo("done");
              // In place the supplier's thread is the action's, and so is the interrupt.
              boolean kept = Thread.interrupted();
              assertThat(kept).isEqualTo(!setup.suspends());
              return driver.executor().executeAsync(context, this::isInterrupted);
            });

    assertThat(next).isFalse();
  }

  private FermataException timedOut(ContinuationContext context, Supplier<?> supplier) {
    FermataException[] caught = new FermataException[1];
    assertThatThrownBy(() -> driver.executor().executeAsync(context, supplier, SOON))
        .isInstanceOfSatisfying(FermataException.class, thrown -> caught[0] = thrown);
    assertThat(caught[0].kind()).isEqualTo(ErrorKind.TIMED_OUT);
    return caught[0];
  }

  private static Void waitFor(CountDownLatch latch) {
    Waiting.await(latch);
    return null;
  }

  private Void waitUntilInterrupted(CountDownLatch interrupted) {
    try {
      Waiting.await(never);
    } catch (Waiting.Interrupted expected) {
      interrupted.countDown();
    }
    return null;
  }

  private Void shortPark() {
    LockSupport.parkNanos(500_000);
    return null;
  }

  private boolean isInterrupted() {
    return Thread.currentThread().isInterrupted();
  }
}
