// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionLoop;
import dev.fermata.ContinuationContext;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.testing.Driver;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Waiting;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Calls that their action does not wait for: what they give, and where they run. */
class SubmitTest extends SubmittedCalls {
  private final Object monitor = new Object();

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

  private static <E extends Throwable> Object unchecked(Throwable thrown) throws E {
    @SuppressWarnings("unchecked")
    E unchecked = (E) thrown;
    throw unchecked;
  }
}
