// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.testing.Driver;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Owners that are virtual threads: blocking one suspends it, so calls run in place. */
@Tag("java21")
@ParameterizedClass
@MethodSource("dev.fermata.testing.Setup#all")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VirtualOwnerTest {
  @Parameter Setup setup;
  private Driver driver;
  private ContinuationActionExecutor executor;

  @BeforeEach
  void open() {
    driver = new Driver(setup);
    executor = driver.executor();
  }

  @AfterEach
  void close() {
    driver.close();
  }

  @Test
  void theActionEndsInItsFirstSliceAndCallsRunOnItsThread() {
    Void done =
        onVirtualThread(
            () -> {
              Thread owner = Thread.currentThread();
              ContinuationContext context = new ContinuationContext();
              boolean ended =
                  executor.executeAction(
                      context,
                      () -> {
                        Thread supplier =
                            executor.executeAsync(context, () -> Thread.currentThread());
                        assertThat(supplier).isSameAs(owner);
                        executor.sleep(context, Duration.ofMillis(1));
                        assertThat(executor.<Integer>gather(context, List.of(() -> 1, () -> 2)))
                            .containsExactly(1, 2);
                      });
              assertThat(ended).isTrue();
            });

    assertThat(done).isNull();
    assertThat(driver.bean().getPinnedCalls()).isZero();
    assertThat(driver.bean().getWorkers()).isZero();
  }

  @Test
  void manyVirtualOwnersOverlap() {
    int owners = 100;
    CyclicBarrier all = new CyclicBarrier(owners);
    List<CompletableFuture<Void>> done = new ArrayList<>();
    for (int i = 0; i < owners; i++) {
      done.add(
          startVirtualThread(
              () -> {
                ContinuationContext context = new ContinuationContext();
                executor.executeAction(
                    context,
                    () ->
                        executor.executeAsync(
                            context,
                            () -> {
                              Waiting.await(all);
                              return null;
                            }));
              }));
    }

    done.forEach(VirtualOwnerTest::join);
  }

  @Test
  void deadlinesAndCancellationReachCallsInPlace() {
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch running = new CountDownLatch(1);
    ContinuationContext cancelled = new ContinuationContext();
    CompletableFuture<Void> owner =
        startVirtualThread(
            () -> {
              ContinuationContext context = new ContinuationContext();
              executor.executeAction(
                  context,
                  () ->
                      assertEnds(
                          ErrorKind.TIMED_OUT,
                          () ->
                              executor.executeAsync(
                                  context, () -> waitFor(never), Duration.ofMillis(10))));
              executor.executeAction(
                  cancelled,
                  () ->
                      assertEnds(
                          ErrorKind.CANCELLED,
                          () ->
                              executor.executeAsync(
                                  cancelled,
                                  () -> {
                                    running.countDown();
                                    return waitFor(never);
                                  })));
            });
    Waiting.await(running);
    executor.cancel(cancelled);

    join(owner);
  }

  @Test
  void theRulesOfOtherOwnersHold() {
    onVirtualThread(
        () -> {
          ContinuationContext context = new ContinuationContext();
          executor.executeAction(
              context,
              () -> {
                assertThatThrownBy(
                        () -> executor.executeAction(new ContinuationContext(), () -> {}))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("from inside");
                assertThatThrownBy(executor::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("from inside");
                assertThatThrownBy(() -> executor.executeAsync(new ContinuationContext(), () -> 1))
                    .isInstanceOf(IllegalStateException.class);
              });
          assertThatThrownBy(() -> executor.executeAsync(context, () -> 1))
              .isInstanceOf(IllegalStateException.class);
        });
  }

  private static void assertEnds(ErrorKind kind, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            FermataException.class, thrown -> assertThat(thrown.kind()).isEqualTo(kind));
  }

  private static Void waitFor(CountDownLatch latch) {
    Waiting.await(latch);
    return null;
  }

  private static Void onVirtualThread(Runnable code) {
    return join(startVirtualThread(code));
  }

  /** By reflection: the tests are compiled for Java 11. */
  private static CompletableFuture<Void> startVirtualThread(Runnable code) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Runnable task =
        () -> {
          try {
            code.run();
            done.complete(null);
          } catch (Throwable thrown) {
            done.completeExceptionally(thrown);
          }
        };
    try {
      Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, task);
    } catch (ReflectiveOperationException tooOld) {
      throw new AssertionError(tooOld);
    }
    return done;
  }

  private static Void join(CompletableFuture<Void> done) {
    return done.orTimeout(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS).join();
  }
}
