// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionAbortedError;
import dev.fermata.ActionLoop;
import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.SuspendingFuture;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Surroundings;
import dev.fermata.testing.Waiting;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Actions that cannot be suspended, and block their thread where others are suspended. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InPlaceWaitTest {
  private static final AtomicInteger NAMES = new AtomicInteger();

  private final CountDownLatch gate = new CountDownLatch(1);
  private ActionLoop loop;
  private CompletableFuture<String> call;

  @BeforeEach
  void open() {
    loop = Setup.INLINE.build(ActionLoop.builder().name("in-place-" + NAMES.incrementAndGet()));
    call =
        loop.executor()
            .submit(
                () -> {
                  Waiting.await(gate);
                  return "value";
                });
  }

  @AfterEach
  void close() {
    gate.countDown();
    loop.close();
  }

  @Test
  void anInterruptEndsGetAsThatOfEveryFuture() throws Exception {
    CompletableFuture<Boolean> statusAfter =
        loop.submit(
            scope -> {
              assertThatThrownBy(() -> call.get()).isInstanceOf(InterruptedException.class);
              return Thread.currentThread().isInterrupted();
            });
    interruptTheWait();

    assertThat(get(statusAfter)).isFalse();
  }

  @Test
  void anInterruptEndsGetWithATimeoutAsThatOfEveryFuture() throws Exception {
    CompletableFuture<Boolean> statusAfter =
        loop.submit(
            scope -> {
              assertThatThrownBy(() -> call.get(1, TimeUnit.HOURS))
                  .isInstanceOf(InterruptedException.class);
              return Thread.currentThread().isInterrupted();
            });
    interruptTheWait();

    assertThat(get(statusAfter)).isFalse();
  }

  @Test
  void joinOutlastsAnInterruptAndKeepsIt() throws Exception {
    CompletableFuture<Boolean> statusAfter =
        loop.submit(
            scope -> {
              assertThat(call.join()).isEqualTo("value");
              return Thread.interrupted();
            });
    interruptTheWait();
    gate.countDown();

    assertThat(get(statusAfter)).isTrue();
  }

  @Test
  void aCancelEndsJoin() throws Exception {
    CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    CompletableFuture<Void> action =
        loop.submit(
            scope -> {
              try {
                call.join();
              } catch (Throwable ended) {
                thrown.complete(ended);
              }
              return null;
            });
    untilItWaits();
    action.cancel(true);

    assertThat(get(thrown))
        .isInstanceOfSatisfying(
            FermataException.class,
            ended -> assertThat(ended.kind()).isEqualTo(ErrorKind.CANCELLED));
  }

  @Test
  void whatIsDerivedFromACompleteFutureSuspendsAsWell() throws Exception {
    CompletableFuture<Class<?>> derived =
        loop.submit(scope -> scope.submit(() -> 1).thenApply(one -> one).getClass());

    assertThat(get(derived)).isEqualTo(SuspendingFuture.class);
  }

  @Test
  void aCallThatBeginsWhileItsExecutorIsClosedIsAborted() {
    ContinuationActionExecutor executor =
        Setup.INLINE.build(
            Setup.INLINE.builder().threadName("in-place-" + NAMES.incrementAndGet()));
    ContinuationContext context = new ContinuationContext();
    AtomicBoolean called = new AtomicBoolean();
    Runnable closedByAnother =
        () -> {
          Thread closer = new Thread(executor::close);
          closer.start();
          Waiting.join(closer);
        };
    Throwable[] thrown = new Throwable[1];
    executor.executeAction(
        context,
        () -> {
          try {
            new Surroundings(closedByAnother, () -> {})
                .during(() -> executor.executeAsync(context, () -> called.getAndSet(true)));
          } catch (Throwable ended) {
            thrown[0] = ended;
          }
        });

    assertThat(thrown[0]).isInstanceOf(ActionAbortedError.class);
    assertThat(called).isFalse();
  }

  private void interruptTheWait() {
    untilItWaits();
    loop.owner().interrupt();
  }

  private void untilItWaits() {
    Waiting.until(
        "the action waits",
        () -> call.getNumberOfDependents() > 0 && loop.owner().getState() != Thread.State.RUNNABLE);
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS);
  }
}
