// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionAbortedError;
import dev.fermata.ContinuationContext;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.internal.execution.CurrentAction;
import dev.fermata.testing.Driver;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Waiting;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Waits for stages of asynchronous APIs. No worker is ever needed. */
@ParameterizedClass
@MethodSource("dev.fermata.testing.Setup#all")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AwaitTest {
  @Parameter Setup setup;
  private final CompletableFuture<String> stage = new CompletableFuture<>();
  private Driver driver;

  @BeforeEach
  void open() {
    driver = new Driver(setup);
  }

  @AfterEach
  void close() {
    driver.close();
  }

  @Test
  void aStageThatIsCompleteGivesItsValueAtOnce() {
    stage.complete("here");

    assertThat(driver.<String>run(context -> driver.executor().await(context, stage)))
        .isEqualTo("here");
    assertThat(driver.<Object>run(this::awaitNull)).isNull();
  }

  private Object awaitNull(ContinuationContext context) {
    return driver.executor().await(context, CompletableFuture.completedFuture(null));
  }

  /** Each stage is completed by the action that is started next, or by another thread. */
  @Test
  void actionsOverlapWhileTheyWaitAndNoWorkerRuns() throws Exception {
    if (!setup.suspends()) {
      return;
    }
    int actions = 1_000;
    List<CompletableFuture<Integer>> stages = new ArrayList<>();
    List<Integer> values = new ArrayList<>();
    for (int i = 0; i < actions; i++) {
      CompletableFuture<Integer> own = new CompletableFuture<>();
      stages.add(own);
      driver.start(
          context ->
              values.add(driver.executor().<Integer>await(context, own.minimalCompletionStage())));
    }
    assertThat(driver.unfinished()).isEqualTo(actions);
    assertThat(driver.gauges().inFlight()).isEqualTo(actions);

    Thread completer =
        new Thread(
            () -> {
              for (int i = 0; i < actions; i++) {
                stages.get(i).complete(i);
              }
            });
    completer.start();
    driver.finish();
    completer.join();

    assertThat(values).hasSize(actions).doesNotHaveDuplicates();
    assertThat(driver.gauges().workers()).isZero();
  }

  @Test
  void theFailureOfAStageArrivesAsTheSameObject() {
    IOException failure = new IOException("no route");
    CompletableFuture<String> dependent = stage.thenApply(String::trim);
    stage.completeExceptionally(failure);

    Throwable direct = driver.failureOf(context -> driver.executor().await(context, stage));
    Throwable wrapped = driver.failureOf(context -> driver.executor().await(context, dependent));

    assertThat(direct).isSameAs(failure);
    assertThat(wrapped).isSameAs(failure);
    assertThat(failure.getSuppressed()).hasSize(1);
    assertThat(failure.getSuppressed()[0].getStackTrace())
        .anyMatch(frame -> frame.getClassName().startsWith(AwaitTest.class.getName()));
  }

  @Test
  void aStageThatIsLateTimesOutAndIsLeftAlone() {
    Throwable late =
        driver.failureOf(context -> driver.executor().await(context, stage, Duration.ofMillis(20)));

    assertThat(late).isInstanceOf(FermataException.class);
    assertThat(((FermataException) late).kind()).isEqualTo(ErrorKind.TIMED_OUT);
    assertThat(stage).isNotDone();
    assertThat(driver.bean().getTimedOutCalls()).isEqualTo(1);
    stage.complete("too late for anybody");
    assertThat(driver.<String>run(context -> driver.executor().executeAsync(context, () -> "next")))
        .isEqualTo("next");
  }

  @Test
  void cancellingTheActionEndsItsWaitAndItsLaterOnes() {
    CountDownLatch begun = new CountDownLatch(1);
    AtomicReference<ContinuationContext> waiting = new AtomicReference<>();
    Thread canceller =
        new Thread(
            () -> {
              Waiting.await(begun);
              driver.executor().cancel(waiting.get());
            });
    canceller.start();

    Throwable thrown =
        driver.failureOf(
            context -> {
              waiting.set(context);
              begun.countDown();
              assertThatThrownBy(() -> driver.executor().await(context, stage))
                  .isInstanceOf(FermataException.class);
              driver.executor().await(context, CompletableFuture.completedFuture("not seen"));
            });
    Waiting.join(canceller);

    assertThat(((FermataException) thrown).kind()).isEqualTo(ErrorKind.CANCELLED);
  }

  @Test
  void closingAbortsTheWait() {
    if (!setup.suspends()) {
      return;
    }
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    driver.start(
        context -> {
          try {
            driver.executor().await(context, stage);
          } catch (ActionAbortedError aborted) {
            thrown.set(aborted);
            throw aborted;
          }
        });

    driver.executor().close();

    assertThat(thrown.get()).hasMessageContaining("a completion stage");
    stage.complete("too late for anybody");
  }

  @Test
  void underAMonitorTheActionWaitsInPlace() {
    Object monitor = new Object();
    Thread completer = new Thread(() -> stage.complete("in place"));

    String value =
        driver.run(
            context -> {
              synchronized (monitor) {
                completer.start();
                return driver.executor().await(context, stage);
              }
            });

    assertThat(value).isEqualTo("in place");
  }

  @Test
  void outsideOfItsActionNobodyMayWait() {
    stage.complete("here");

    assertThatThrownBy(() -> driver.executor().await(new ContinuationContext(), stage))
        .isInstanceOf(IllegalStateException.class);
  }

  /** What code finds that is not handed a context: the innermost action, and none in a call. */
  @Test
  void theCurrentActionIsKnownWithoutItsContext() {
    assertThat(CurrentAction.isPresent()).isFalse();
    stage.complete("here");
    List<Boolean> present = new ArrayList<>();

    String value =
        driver.run(
            context -> {
              present.add(CurrentAction.isPresent());
              present.add(driver.executor().executeAsync(context, CurrentAction::isPresent));
              try (Driver inner = new Driver(setup)) {
                inner.run(nested -> present.add(CurrentAction.isPresent()));
              }
              present.add(CurrentAction.isPresent());
              return CurrentAction.await(stage);
            });

    assertThat(value).isEqualTo("here");
    boolean inPlace = !setup.suspends();
    assertThat(present).containsExactly(true, inPlace, true, true);
    assertThat(CurrentAction.isPresent()).isFalse();
    assertThatThrownBy(() -> CurrentAction.await(stage)).isInstanceOf(IllegalStateException.class);
  }
}
