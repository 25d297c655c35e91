// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionAbortedError;
import dev.fermata.ContinuationContext;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.testing.Driver;
import dev.fermata.testing.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/**
 * How calls end that their action does not wait for, other than by themselves: with it at the
 * latest.
 */
class SubmittedCallEndTest extends SubmittedCalls {
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

    // The last outcome may be told to the action before it is told here.
    Waiting.until("each call has its outcome", () -> outcomes.get() == calls);
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

  private Object shortPark() {
    LockSupport.parkNanos(500_000);
    return null;
  }
}
