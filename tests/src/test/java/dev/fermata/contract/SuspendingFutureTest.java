// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionAbortedError;
import dev.fermata.ActionLoop;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Waiting;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Futures of Fermata suspend the action that waits for them by the methods of every future. */
@ParameterizedClass
@MethodSource("dev.fermata.testing.Setup#suspending")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SuspendingFutureTest {
  private static final AtomicInteger NAMES = new AtomicInteger();
  private static final Duration SOON = Duration.ofMillis(20);

  /** How an action waits. */
  enum Way {
    JOIN {
      @Override
      String await(CompletableFuture<String> future) {
        return future.join();
      }
    },
    GET {
      @Override
      String await(CompletableFuture<String> future) throws Exception {
        return future.get();
      }
    },
    GET_WITH_TIMEOUT {
      @Override
      String await(CompletableFuture<String> future) throws Exception {
        return future.get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS);
      }
    },
    JOIN_WHAT_IS_DERIVED {
      @Override
      String await(CompletableFuture<String> future) {
        return future.thenApply(value -> value).thenCombine(future, (one, other) -> one).join();
      }
    },
    GET_WHAT_IS_DERIVED {
      @Override
      String await(CompletableFuture<String> future) throws Exception {
        return future.whenComplete((value, failure) -> {}).get();
      }
    };

    abstract String await(CompletableFuture<String> future) throws Exception;
  }

  @Parameter Setup setup;
  private final CountDownLatch release = new CountDownLatch(1);
  private final CountDownLatch waiting = new CountDownLatch(1);
  private ActionLoop loop;

  @BeforeEach
  void open() {
    loop = setup.build(ActionLoop.builder().name("waits-" + NAMES.incrementAndGet()));
  }

  @AfterEach
  void close() {
    loop.close();
  }

  @ParameterizedTest
  @EnumSource
  void anotherActionRunsWhileOneWaitsForACallOfNoAction(Way way) throws Exception {
    CompletableFuture<String> call = loop.executor().submit(this::released);

    assertThat(overlapped(way, call)).isEqualTo("released");
  }

  @ParameterizedTest
  @EnumSource
  void anotherActionRunsWhileOneWaitsForACallOfItsOwn(Way way) throws Exception {
    CompletableFuture<String> waiter =
        loop.submit(
            scope -> {
              CompletableFuture<String> call = scope.submit(this::released);
              waiting.countDown();
              return way.await(call);
            });

    assertThat(releasedByAnotherAction(waiter)).isEqualTo("released");
  }

  @ParameterizedTest
  @EnumSource
  void anotherActionRunsWhileOneWaitsForAnActionOfItsLoop(Way way) throws Exception {
    CompletableFuture<String> action = loop.submit(scope -> scope.call(this::released));

    assertThat(overlapped(way, action)).isEqualTo("released");
  }

  @ParameterizedTest
  @EnumSource
  void anotherActionRunsWhileOneWaitsForAnActionOfAnotherLoop(Way way) throws Exception {
    try (ActionLoop other =
        setup.build(ActionLoop.builder().name("waits-" + NAMES.incrementAndGet()))) {
      CompletableFuture<String> action = other.submit(scope -> scope.call(this::released));

      assertThat(overlapped(way, action)).isEqualTo("released");
    }
  }

  @Test
  void joinAndGetWrapAFailureAsThoseOfEveryFutureDo() throws Exception {
    IOException failure = new IOException("no route");
    CompletableFuture<String> failing =
        loop.submit(
            scope -> {
              scope.call(this::released);
              throw failure;
            });
    CompletableFuture<Throwable> joined = loop.submit(scope -> thrownBy(Way.JOIN, failing));
    CompletableFuture<Throwable> got = loop.submit(scope -> thrownBy(Way.GET, failing));
    CompletableFuture<Throwable> gotInTime =
        loop.submit(scope -> thrownBy(Way.GET_WITH_TIMEOUT, failing));
    CompletableFuture<Throwable> derived =
        loop.submit(scope -> thrownBy(Way.JOIN_WHAT_IS_DERIVED, failing));
    loop.submit(scope -> opened());

    assertThat(get(joined)).isInstanceOf(CompletionException.class).hasCause(failure);
    assertThat(get(got)).isInstanceOf(ExecutionException.class).hasCause(failure);
    assertThat(get(gotInTime)).isInstanceOf(ExecutionException.class).hasCause(failure);
    assertThat(get(derived)).isInstanceOf(CompletionException.class).hasCause(failure);
  }

  @Test
  void getThatTimesOutThrowsTheTimeoutOfFuturesAndLeavesTheCallAlone() throws Exception {
    CompletableFuture<String> call = loop.executor().submit(this::released);
    CompletableFuture<Boolean> waiter =
        loop.submit(
            scope -> {
              assertThatThrownBy(() -> call.get(SOON.toMillis(), TimeUnit.MILLISECONDS))
                  .isInstanceOf(TimeoutException.class);
              assertThatThrownBy(() -> call.get(0, TimeUnit.MILLISECONDS))
                  .isInstanceOf(TimeoutException.class);
              return call.isDone();
            });

    assertThat(get(waiter)).isFalse();
    opened();
    assertThat(get(call)).isEqualTo("released");
  }

  @Test
  void anInterruptThatCameBeforeEndsGet() throws Exception {
    CompletableFuture<String> call = loop.executor().submit(this::released);
    CompletableFuture<Boolean> statusAfter =
        loop.submit(
            scope -> {
              for (Way way : new Way[] {Way.GET, Way.GET_WITH_TIMEOUT}) {
                Thread.currentThread().interrupt();
                assertThat(thrownBy(way, call)).isInstanceOf(InterruptedException.class);
              }
              return Thread.currentThread().isInterrupted();
            });

    assertThat(get(statusAfter)).isFalse();
    opened();
  }

  @Test
  void aCancelledActionStopsWaitingAndTheCallGoesOn() throws Exception {
    CompletableFuture<String> call = loop.executor().submit(this::released);
    CompletableFuture<Throwable> seen = new CompletableFuture<>();
    CompletableFuture<Void> waiter =
        loop.submit(
            scope -> {
              waiting.countDown();
              seen.complete(thrownBy(Way.JOIN, call));
              return null;
            });
    Waiting.await(waiting);
    waiter.cancel(true);

    assertThat(get(seen))
        .isInstanceOfSatisfying(
            FermataException.class,
            thrown -> assertThat(thrown.kind()).isEqualTo(ErrorKind.CANCELLED));
    opened();
    assertThat(get(call)).isEqualTo("released");
  }

  @Test
  void closeEndsTheWait() throws Exception {
    CompletableFuture<String> foreign = new CompletableFuture<>();
    CompletableFuture<Throwable> seen = new CompletableFuture<>();
    try (ActionLoop other =
        setup.build(ActionLoop.builder().name("waits-" + NAMES.incrementAndGet()))) {
      CompletableFuture<String> action = other.submit(scope -> scope.await(foreign));
      loop.submit(
          scope -> {
            waiting.countDown();
            seen.complete(thrownBy(Way.JOIN, action));
            return null;
          });
      Waiting.await(waiting);
      loop.close();

      assertThat(get(seen)).isInstanceOf(ActionAbortedError.class);
      foreign.complete("late");
      assertThat(get(action)).isEqualTo("late");
    }
  }

  @Test
  void onAThreadWithoutAnActionItBlocksAsEver() throws Exception {
    CompletableFuture<String> call = loop.executor().submit(this::released);
    CompletableFuture<String> joined = new CompletableFuture<>();
    Thread thread = new Thread(() -> joined.complete(call.join()));
    thread.start();
    Waiting.until("the thread waits", () -> thread.getState() == Thread.State.WAITING);
    opened();

    assertThat(get(joined)).isEqualTo("released");
    Waiting.join(thread);
  }

  /** An action waits for the future; another, of the same loop, completes it. */
  private String overlapped(Way way, CompletableFuture<String> future) throws Exception {
    return releasedByAnotherAction(
        loop.submit(
            scope -> {
              waiting.countDown();
              return way.await(future);
            }));
  }

  private String releasedByAnotherAction(CompletableFuture<String> waiter) throws Exception {
    Waiting.await(waiting);
    loop.submit(scope -> opened());
    return get(waiter);
  }

  private String released() {
    Waiting.await(release);
    return "released";
  }

  private Void opened() {
    release.countDown();
    return null;
  }

  private static Throwable thrownBy(Way way, CompletableFuture<String> future) {
    try {
      throw new AssertionError("ended with " + way.await(future));
    } catch (Throwable thrown) {
      return thrown;
    }
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS);
  }
}
