// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionAbortedError;
import dev.fermata.ActionLoop;
import dev.fermata.ContinuationContext;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.testing.Driver;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Waiting;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
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

/** Calls that their action does not wait for: how they end, and that they end with it. */
@ParameterizedClass
@MethodSource("dev.fermata.testing.Setup#all")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SubmitTest {
  private static final Duration SOON = Duration.ofMillis(20);

  @Parameter Setup setup;
  private final CountDownLatch never = new CountDownLatch(1);
  private final Object monitor = new Object();
  private Driver driver;

  @BeforeEach
  void open() {
    driver = new Driver(setup, builder -> builder.asyncThreads(2));
  }

  @AfterEach
  void closeFindsNoSlotInUse() {
    assertThat(driver.gauges().inFlight()).isZero();
    driver.close();
  }

  @Test
  void theActionGoesOnWhileItsCallsRun() {
    CountDownLatch submitted = new CountDownLatch(setup.suspends() ? 1 : 0);

    List<Integer> values =
        driver.run(
            context -> {
              CompletableFuture<Integer> first = submit(context, () -> after(submitted, 1));
              CompletableFuture<Integer> second = submit(context, () -> after(submitted, 2));
              CompletableFuture<Integer> none = submit(context, () -> null);
              assertThat(first.isDone()).isEqualTo(!setup.suspends());
              submitted.countDown();
              assertThat(driver.executor().<Integer>await(context, none)).isNull();
              return List.of(
                  driver.executor().<Integer>await(context, second),
                  driver.executor().<Integer>await(context, first));
            });

    assertThat(values).containsExactly(2, 1);
    assertThat(driver.bean().getCompletedCalls()).isEqualTo(6);
  }

  @Test
  void whatTheSupplierThrowsArrivesAsTheSameObjectWithTheStackOfWhoAwaitsIt() {
    IOException failure = new IOException("no route");

    Throwable thrown =
        driver.failureOf(
            context -> {
              CompletableFuture<Object> call = submit(context, () -> unchecked(failure));
              driver.executor().await(context, call);
            });

    assertThat(thrown).isSameAs(failure);
    assertThat(failure.getSuppressed()).hasSize(1);
    assertThat(failure.getSuppressed()[0].getStackTrace())
        .anyMatch(frame -> frame.getClassName().startsWith(SubmitTest.class.getName()));
  }

  @Test
  void theFirstToEndIsSeenWhileAnotherRuns() {
    if (!setup.suspends()) {
      return;
    }
    CountDownLatch interrupted = new CountDownLatch(1);
    Object first =
        driver.run(
            context -> {
              CompletableFuture<Object> slow = submit(context, () -> interrupted(interrupted));
              CompletableFuture<Object> quick = submit(context, () -> "quick");
              return driver.executor().await(context, CompletableFuture.anyOf(slow, quick));
            });

    assertThat(first).isEqualTo("quick");
    Waiting.await(interrupted);
  }

  @Test
  void aCallThatIsOpenWhenItsActionEndsIsCancelled() {
    if (!setup.suspends()) {
      return;
    }
    CountDownLatch running = new CountDownLatch(2);
    CountDownLatch interrupted = new CountDownLatch(2);
    AtomicBoolean ran = new AtomicBoolean();
    List<CompletableFuture<Object>> calls = new ArrayList<>();
    driver.run(
        context -> {
          for (int i = 0; i < 2; i++) {
            calls.add(submit(context, () -> signalAndWait(running, interrupted)));
          }
          calls.add(submit(context, () -> ran.getAndSet(true)));
          Waiting.await(running);
          return null;
        });

    Waiting.await(interrupted);
    calls.forEach(call -> assertFailed(call, ErrorKind.CANCELLED));
    assertThat(driver.<Integer>run(ctx -> driver.executor().executeAsync(ctx, () -> 1)))
        .isEqualTo(1);
    assertThat(ran).isFalse();
    assertThat(driver.bean().getCancelledCalls()).isEqualTo(3);
  }

  @Test
  void anActionThatThrowsCancelsItsCallsToo() {
    if (!setup.suspends()) {
      return;
    }
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    IllegalArgumentException thrown = new IllegalArgumentException("of the action");

    Throwable failure =
        driver.failureOf(
            context -> {
              submit(context, () -> signalAndWait(running, interrupted));
              Waiting.await(running);
              throw thrown;
            });

    assertThat(failure).isSameAs(thrown);
    Waiting.await(interrupted);
  }

  @Test
  void cancellingTheFutureInterruptsTheSupplier() {
    if (!setup.suspends()) {
      return;
    }
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    driver.run(
        context -> {
          CompletableFuture<Object> call =
              submit(context, () -> signalAndWait(running, interrupted));
          Waiting.await(running);
          assertThat(call.cancel(true)).isTrue();
          assertThat(call.cancel(true)).isTrue();
          assertThat(driver.gauges().inFlight()).isZero();
          assertThatThrownBy(() -> driver.executor().await(context, call))
              .isInstanceOf(CancellationException.class);
          return null;
        });

    Waiting.await(interrupted);
    assertThat(driver.bean().getCancelledCalls()).isEqualTo(1);
  }

  @Test
  void aRunningCallTimesOutAndItsSupplierIsInterrupted() {
    CountDownLatch interrupted = new CountDownLatch(1);
    CompletableFuture<Object> call =
        driver.run(
            context -> {
              CompletableFuture<Object> late =
                  driver.executor().submit(context, () -> interrupted(interrupted), SOON);
              assertThatThrownBy(() -> driver.executor().await(context, late))
                  .isInstanceOf(FermataException.class);
              return late;
            });

    Waiting.await(interrupted);
    assertFailed(call, ErrorKind.TIMED_OUT);
  }

  @Test
  void aCallThatTimesOutInTheQueueNeverRuns() {
    if (!setup.suspends()) {
      return;
    }
    CountDownLatch release = new CountDownLatch(1);
    AtomicBoolean ran = new AtomicBoolean();
    driver.run(
        context -> {
          List<CompletableFuture<Object>> workers =
              List.of(
                  submit(context, () -> after(release, 1)),
                  submit(context, () -> after(release, 2)));
          CompletableFuture<Object> late =
              driver.executor().submit(context, () -> ran.getAndSet(true), SOON);
          assertThatThrownBy(() -> driver.executor().await(context, late))
              .isInstanceOfSatisfying(
                  FermataException.class,
                  thrown -> assertThat(thrown.kind()).isEqualTo(ErrorKind.TIMED_OUT));
          release.countDown();
          workers.forEach(worker -> driver.executor().await(context, worker));
          return null;
        });

    assertThat(ran).isFalse();
  }

  /** The deadline comes at the very moment when the supplier ends by itself. */
  @Test
  void aDeadlineThatTiesWithTheEndOfItsCallLeavesOneOutcome() {
    int calls = 300;
    AtomicInteger outcomes = new AtomicInteger();
    driver.run(
        context -> {
          for (int i = 0; i < calls; i++) {
            Duration deadline = Duration.ofNanos(100_000 + i * 5_000L);
            CompletableFuture<Object> call =
                driver.executor().submit(context, this::shortPark, deadline);
            call.whenComplete((value, failure) -> outcomes.incrementAndGet());
            try {
              driver.executor().await(context, call);
            } catch (FermataException caught) {
              assertThat(caught.kind()).isEqualTo(ErrorKind.TIMED_OUT);
            }
          }
          return null;
        });

    assertThat(outcomes).hasValue(calls);
    // Each call, and each wait for one.
    assertThat(
            driver.bean().getCompletedCalls()
                + driver.bean().getFailedCalls()
                + driver.bean().getTimedOutCalls())
        .isEqualTo(2 * calls);
  }

  @Test
  void cancellingTheActionEndsItsCalls() {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    ContinuationContext context = new ContinuationContext();
    Thread canceller =
        new Thread(
            () -> {
              Waiting.await(running);
              driver.executor().cancel(context);
            });
    canceller.start();
    driver.start(
        context,
        () -> {
          CompletableFuture<Object> call =
              submit(context, () -> signalAndWait(running, interrupted));
          Waiting.join(canceller);
          assertFailed(call, ErrorKind.CANCELLED);
          assertFailed(submit(context, () -> "not run"), ErrorKind.CANCELLED);
        });
    driver.finish();

    Waiting.await(interrupted);
  }

  @Test
  void aCancelThatTiesWithASubmissionLeavesOneOutcome() {
    int rounds = 300;
    CyclicBarrier both = new CyclicBarrier(2);
    List<ContinuationContext> contexts = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      contexts.add(new ContinuationContext());
    }
    Thread canceller =
        new Thread(
            () -> {
              for (ContinuationContext context : contexts) {
                Waiting.await(both);
                driver.executor().cancel(context);
              }
            });
    canceller.start();
    for (ContinuationContext context : contexts) {
      driver.start(
          context,
          () -> {
            Waiting.await(both);
            CompletableFuture<Integer> call = submit(context, () -> 1);
            Waiting.until("the call has ended", call::isDone);
            if (call.isCompletedExceptionally()) {
              assertFailed(call, ErrorKind.CANCELLED);
            }
          });
      driver.finish();
    }
    Waiting.join(canceller);
    assertThat(both.isBroken()).isFalse();
  }

  @Test
  void closingAbortsTheCalls() {
    if (!setup.suspends()) {
      return;
    }
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    List<CompletableFuture<Object>> calls = new ArrayList<>();
    driver.start(
        context -> {
          calls.add(submit(context, () -> signalAndWait(running, interrupted)));
          try {
            driver.executor().await(context, calls.get(0));
          } finally {
            assertThatThrownBy(() -> submit(context, () -> 1))
                .isInstanceOf(ActionAbortedError.class);
          }
        });
    Waiting.await(running);

    driver.executor().close();

    Waiting.await(interrupted);
    assertThatThrownBy(calls.get(0)::join)
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(ActionAbortedError.class);
    assertThat(driver.gauges().inFlight()).isZero();
  }

  @Test
  void aFullQueueHoldsTheActionBackAndLosesNoCall() {
    int calls = 100;
    try (Driver narrow = new Driver(setup, builder -> builder.asyncThreads(1).queueCapacity(1))) {
      List<CompletableFuture<Integer>> futures = new ArrayList<>();
      int sum =
          narrow.run(
              context -> {
                for (int i = 0; i < calls; i++) {
                  int value = i;
                  futures.add(narrow.executor().submit(context, () -> value));
                }
                int values = 0;
                for (CompletableFuture<Integer> future : futures) {
                  values += narrow.executor().<Integer>await(context, future);
                }
                return values;
              });

      assertThat(sum).isEqualTo(calls * (calls - 1) / 2);
    }
  }

  @Test
  void aCallThatWaitsForAPlaceCanBeCancelled() {
    if (!setup.suspends()) {
      return;
    }
    try (Driver narrow = new Driver(setup, builder -> builder.asyncThreads(1).queueCapacity(1))) {
      CountDownLatch running = new CountDownLatch(1);
      CountDownLatch interrupted = new CountDownLatch(1);
      ContinuationContext context = new ContinuationContext();
      Thread canceller =
          new Thread(
              () -> {
                Waiting.until("a call waits", () -> narrow.bean().getBackpressuredCalls() == 1);
                narrow.executor().cancel(context);
              });
      canceller.start();
      narrow.start(
          context,
          () -> {
            narrow.executor().submit(context, () -> signalAndWait(running, interrupted));
            Waiting.await(running);
            narrow.executor().submit(context, () -> "in the queue");
            CompletableFuture<String> waiting =
                narrow.executor().submit(context, () -> "without a place");
            assertFailed(waiting, ErrorKind.CANCELLED);
          });
      narrow.finish();
      Waiting.join(canceller);
      Waiting.await(interrupted);
    }
  }

  @Test
  void oneCallMoreThanTheTableHoldsIsRefusedAndTheOthersGoOn() {
    if (!setup.suspends()) {
      return;
    }
    CountDownLatch release = new CountDownLatch(1);
    try (Driver small = new Driver(setup, builder -> builder.asyncThreads(2).maxCalls(3))) {
      int value =
          small.run(
              context -> {
                List<CompletableFuture<Integer>> calls = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                  calls.add(small.executor().submit(context, () -> after(release, 1)));
                }
                assertThatThrownBy(() -> small.executor().submit(context, () -> 1))
                    .isInstanceOfSatisfying(
                        FermataException.class,
                        thrown -> assertThat(thrown.kind()).isEqualTo(ErrorKind.TOO_MANY_CALLS));
                release.countDown();
                calls.forEach(CompletableFuture::join);
                return small
                    .executor()
                    .<Integer>await(context, small.executor().submit(context, () -> 5));
              });

      assertThat(value).isEqualTo(5);
    }
  }

  @Test
  void underAMonitorTheSupplierRunsInPlaceSoThatItMayEnterItAgain() {
    if (setup == Setup.VIRTUAL) {
      return;
    }
    boolean inPlace =
        driver.run(
            context -> {
              Thread action = Thread.currentThread();
              synchronized (monitor) {
                CompletableFuture<Boolean> call =
                    submit(
                        context,
                        () -> {
                          synchronized (monitor) {
                            return Thread.currentThread() == action;
                          }
                        });
                assertThat(call).isDone();
                assertFailed(
                    driver.executor().submit(context, () -> after(never, 1), SOON),
                    ErrorKind.TIMED_OUT);
                return driver.executor().await(context, call);
              }
            });

    assertThat(inPlace).isTrue();
    assertThat(driver.bean().getPinnedCalls()).isEqualTo(setup.suspends() ? 3 : 0);
  }

  @Test
  void aSupplierThatSubmitsRunsThatCallInPlace() {
    boolean inPlace =
        driver.run(
            context ->
                driver
                    .executor()
                    .executeAsync(
                        context,
                        () -> {
                          Thread worker = Thread.currentThread();
                          return submit(context, () -> Thread.currentThread() == worker).join();
                        }));

    assertThat(inPlace).isTrue();
  }

  @Test
  void outsideOfItsActionNobodyMaySubmit() {
    ContinuationContext context = new ContinuationContext();

    assertThatThrownBy(() -> submit(context, () -> 1)).isInstanceOf(IllegalStateException.class);
    driver.executor().close();
    assertThatThrownBy(() -> submit(context, () -> 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void anActionOfALoopSubmitsByItsScope() {
    try (ActionLoop loop = setup.build(ActionLoop.builder().name(driver.name() + "-loop"))) {
      CompletableFuture<String> value =
          loop.submit(
              scope -> {
                CompletableFuture<String> call = scope.submit(() -> "submitted");
                CompletableFuture<String> late = scope.submit(() -> after(never, ""), SOON);
                assertThatThrownBy(() -> scope.await(late)).isInstanceOf(FermataException.class);
                return scope.await(call);
              });

      assertThat(value.orTimeout(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS).join())
          .isEqualTo("submitted");
    }
  }

  private <T> CompletableFuture<T> submit(ContinuationContext context, Supplier<T> supplier) {
    return driver.executor().submit(context, supplier);
  }

  private static void assertFailed(CompletableFuture<?> call, ErrorKind kind) {
    assertThatThrownBy(() -> call.get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            FermataException.class, thrown -> assertThat(thrown.kind()).isEqualTo(kind));
  }

  private static <T> T after(CountDownLatch latch, T value) {
    Waiting.await(latch);
    return value;
  }

  private Object signalAndWait(CountDownLatch running, CountDownLatch interrupted) {
    running.countDown();
    return interrupted(interrupted);
  }

  private Object interrupted(CountDownLatch interrupted) {
    try {
      Waiting.await(never);
    } catch (Waiting.Interrupted expected) {
      interrupted.countDown();
    }
    return null;
  }

  private Object shortPark() {
    LockSupport.parkNanos(500_000);
    return null;
  }

  private static <E extends Throwable> Object unchecked(Throwable thrown) throws E {
    @SuppressWarnings("unchecked")
    E unchecked = (E) thrown;
    throw unchecked;
  }
}
