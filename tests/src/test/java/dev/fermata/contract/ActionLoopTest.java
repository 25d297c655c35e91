// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionAbortedError;
import dev.fermata.ActionLoop;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.testing.FermataThreads;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Waiting;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The owner thread for programs that have none. */
@ParameterizedClass
@MethodSource("dev.fermata.testing.Setup#all")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ActionLoopTest {
  private static final AtomicInteger NAMES = new AtomicInteger();

  @Parameter Setup setup;
  private final String name = "loop-" + NAMES.incrementAndGet();
  private final CountDownLatch never = new CountDownLatch(1);
  private FermataThreads threads;
  private ActionLoop loop;

  private void open(UnaryOperator<ActionLoop.Builder> options) {
    threads = new FermataThreads(name);
    loop = setup.build(options.apply(ActionLoop.builder().name(name)));
  }

  @AfterEach
  void closeLeavesNoThread() {
    loop.close();
    Waiting.until("no thread is left", () -> threads.alive().isEmpty());
  }

  @Test
  void aFutureCompletesWithWhatItsActionReturns() throws Exception {
    open(builder -> builder);

    assertThat((Object) get(loop.submit(scope -> scope.call(() -> "value")))).isEqualTo("value");
    assertThat(get(loop.<String>submit(scope -> scope.call(() -> null)))).isNull();
    assertThat((Object) get(loop.submit(scope -> scope.gather(List.of(() -> 1, () -> 2)))))
        .isEqualTo(List.of(1, 2));
    assertThat((Object) get(loop.submit(scope -> scope.call(() -> 3, Duration.ofMinutes(1)))))
        .isEqualTo(3);
    assertThat(
            (Object)
                get(
                    loop.submit(
                        scope -> {
                          scope.sleep(Duration.ofMillis(1));
                          return loop.executor().executeAsync(scope.context(), () -> "by context");
                        })))
        .isEqualTo("by context");
  }

  @Test
  void aFutureFailsWithWhatItsActionThrows() {
    open(builder -> builder);
    IOException checked = new IOException("of the action");
    AssertionError error = new AssertionError("of the supplier");

    assertThatThrownBy(
            () ->
                get(
                    loop.submit(
                        scope -> {
                          throw checked;
                        })))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isSameAs(checked);
    assertThatThrownBy(
            () ->
                get(
                    loop.submit(
                        scope ->
                            scope.call(
                                () -> {
                                  throw error;
                                }))))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isSameAs(error);
  }

  @Test
  void actionsOverlapButRunOneAtATime() throws Exception {
    int actions = 100;
    open(builder -> builder.asyncThreads(actions));
    CyclicBarrier all = new CyclicBarrier(setup.suspends() ? actions : 1);
    int[] unguarded = new int[1];
    List<CompletableFuture<Integer>> futures = new ArrayList<>();
    for (int i = 0; i < actions; i++) {
      futures.add(
          loop.submit(
              scope -> {
                unguarded[0]++;
                scope.call(
                    () -> {
                      Waiting.await(all);
                      return null;
                    });
                return unguarded[0]++;
              }));
    }
    for (CompletableFuture<Integer> future : futures) {
      get(future);
    }

    assertThat(unguarded[0]).isEqualTo(2 * actions);
  }

  @Test
  void plainBlockingCodeSuspendsAnActionThatIsAVirtualThread() throws Exception {
    if (setup != Setup.VIRTUAL) {
      open(builder -> builder);
      return;
    }
    int actions = 100;
    open(builder -> builder.asyncThreads(1));
    CyclicBarrier all = new CyclicBarrier(actions);
    Object monitor = new Object();
    List<CompletableFuture<Void>> futures = new ArrayList<>();
    for (int i = 0; i < actions; i++) {
      futures.add(
          loop.submit(
              scope -> {
                all.await(40, TimeUnit.SECONDS);
                synchronized (monitor) {
                  Thread.sleep(1);
                }
                return null;
              }));
    }
    for (CompletableFuture<Void> future : futures) {
      get(future);
    }
  }

  @Test
  void cancellingAFutureCancelsItsAction() throws Exception {
    open(builder -> builder);
    CountDownLatch running = new CountDownLatch(1);
    CompletableFuture<ErrorKind> seen = new CompletableFuture<>();
    CompletableFuture<Void> future =
        loop.submit(
            scope -> {
              try {
                return scope.call(
                    () -> {
                      running.countDown();
                      Waiting.await(never);
                      return null;
                    });
              } catch (FermataException cancelled) {
                seen.complete(cancelled.kind());
                throw cancelled;
              }
            });
    Waiting.await(running);

    assertThat(future.cancel(true)).isTrue();

    assertThat(get(seen)).isEqualTo(ErrorKind.CANCELLED);
    assertThat((Object) get(loop.submit(scope -> scope.call(() -> "next")))).isEqualTo("next");
  }

  @Test
  void submitWaitsForAPlaceButNotInsideAnAction() throws Exception {
    open(builder -> builder.maxActions(1));
    CountDownLatch release = new CountDownLatch(1);
    CompletableFuture<CompletableFuture<Integer>> first =
        loop.submit(
            scope -> {
              CompletableFuture<Integer> inner = loop.submit(own -> own.call(() -> 1));
              scope.call(
                  () -> {
                    Waiting.await(release);
                    return null;
                  });
              return inner;
            });
    CompletableFuture<Integer> second = new CompletableFuture<>();
    Thread submitter =
        new Thread(() -> second.complete(loop.submit(scope -> scope.call(() -> 2)).join()));
    submitter.start();
    Waiting.until(
        "the submitter waits for a place", () -> submitter.getState() == Thread.State.WAITING);
    assertThat(second).isNotDone();
    release.countDown();

    assertThat(get(get(first))).isEqualTo(1);
    assertThat(get(second)).isEqualTo(2);
    Waiting.join(submitter);
  }

  @Test
  void anInterruptedSubmitGivesUp() throws Exception {
    open(builder -> builder.maxActions(1));
    CountDownLatch release = new CountDownLatch(1);
    CompletableFuture<Object> first =
        loop.submit(
            scope ->
                scope.call(
                    () -> {
                      Waiting.await(release);
                      return null;
                    }));
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> loop.submit(scope -> null))
        .isInstanceOfSatisfying(
            FermataException.class,
            thrown -> assertThat(thrown.kind()).isEqualTo(ErrorKind.CANCELLED));
    assertThat(Thread.interrupted()).as("the interrupt status is kept").isTrue();
    release.countDown();
    get(first);
  }

  @Test
  void closeCompletesEveryFuture() {
    open(builder -> builder.asyncThreads(20));
    CountDownLatch begun = new CountDownLatch(1);
    List<CompletableFuture<Void>> futures = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      futures.add(
          loop.submit(
              scope ->
                  scope.call(
                      () -> {
                        begun.countDown();
                        Waiting.await(never);
                        return null;
                      })));
    }
    Waiting.await(begun);

    loop.close();

    for (CompletableFuture<Void> future : futures) {
      assertThat(future).isCompletedExceptionally();
      assertThatThrownBy(future::join).hasRootCauseInstanceOf(ActionAbortedError.class);
    }
    assertThat(loop.owner().isAlive()).isFalse();
    assertThatThrownBy(() -> loop.submit(scope -> null))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    loop.close();
  }

  /** Whatever the moment at which close comes, no future stays open. */
  @Test
  void closeRacesWithSubmit() throws Exception {
    open(builder -> builder);
    for (int round = 0; round < 20; round++) {
      ActionLoop racing = setup.build(ActionLoop.builder().name(name + "r"));
      List<CompletableFuture<Integer>> futures = new ArrayList<>();
      CountDownLatch begun = new CountDownLatch(1);
      Thread submitter =
          new Thread(
              () -> {
                try {
                  while (true) {
                    futures.add(racing.submit(scope -> scope.call(() -> 1)));
                    begun.countDown();
                  }
                } catch (IllegalStateException closed) {
                  assertThat(closed).hasMessageContaining("closed");
                }
              });
      submitter.start();
      Waiting.await(begun);
      racing.close();
      Waiting.join(submitter);

      for (CompletableFuture<Integer> future : futures) {
        assertThat(future).isDone();
      }
    }
  }

  @Test
  void anActionCannotCloseItsLoop() throws Exception {
    open(builder -> builder);

    get(
        loop.submit(
            scope -> {
              assertThatThrownBy(loop::close).isInstanceOf(IllegalStateException.class);
              return scope.call(
                  () -> assertThatThrownBy(loop::close).isInstanceOf(IllegalStateException.class));
            }));
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS);
  }
}
