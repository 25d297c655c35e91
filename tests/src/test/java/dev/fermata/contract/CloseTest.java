// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionAbortedError;
import dev.fermata.ContinuationContext;
import dev.fermata.testing.Driver;
import dev.fermata.testing.FermataThreads;
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
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code close()} among well-behaved actions: what they see of it, and that nothing is left. */
@ParameterizedClass
@MethodSource("dev.fermata.testing.Setup#all")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CloseTest {
  @Parameter Setup setup;
  private final CountDownLatch never = new CountDownLatch(1);

  @Test
  void closeAbortsAThousandCalls() {
    if (!setup.suspends()) {
      return;
    }
    int actions = 1_000;
    int workers = 50;
    AtomicInteger aborted = new AtomicInteger();
    AtomicInteger caughtAsException = new AtomicInteger();
    AtomicInteger cleanedUp = new AtomicInteger();
    CountDownLatch running = new CountDownLatch(workers);
    CountDownLatch interrupted = new CountDownLatch(workers);
    Driver driver = new Driver(setup, builder -> builder.asyncThreads(workers));
    FermataThreads threads = new FermataThreads(driver.name());
    for (int i = 0; i < actions; i++) {
      driver.start(
          context -> {
            try {
              call(driver, context, () -> waitForInterrupt(running, interrupted));
            } catch (Exception recorded) {
              caughtAsException.incrementAndGet();
            } catch (ActionAbortedError expected) {
              aborted.incrementAndGet();
              throw expected;
            } finally {
              cleanedUp.incrementAndGet();
            }
          });
    }
    Waiting.await(running);
    assertThat(driver.gauges().suspended()).isEqualTo(actions);

    driver.close();

    assertThat(aborted).hasValue(actions);
    assertThat(cleanedUp).hasValue(actions);
    assertThat(caughtAsException).hasValue(0);
    Waiting.await(interrupted);
    Waiting.until("no thread is left", () -> threads.alive().isEmpty());
  }

  @Test
  void sleepsAreAborted() {
    if (!setup.suspends()) {
      return;
    }
    AtomicInteger aborted = new AtomicInteger();
    Driver driver = new Driver(setup);
    FermataThreads threads = new FermataThreads(driver.name());
    for (int i = 0; i < 100; i++) {
      driver.start(
          context -> {
            try {
              driver.executor().sleep(context, Duration.ofHours(1));
            } catch (ActionAbortedError expected) {
              aborted.incrementAndGet();
            }
          });
    }

    driver.close();

    assertThat(aborted).hasValue(100);
    Waiting.until("no thread is left", () -> threads.alive().isEmpty());
  }

  @Test
  void eachFurtherWaitOfAnAbortedActionIsAborted() {
    if (!setup.suspends()) {
      return;
    }
    AtomicInteger aborts = new AtomicInteger();
    Driver driver = new Driver(setup);
    driver.start(
        context -> {
          List<Runnable> waits =
              List.of(
                  () -> call(driver, context, () -> waitFor(never)),
                  () -> call(driver, context, () -> 1),
                  () -> driver.executor().sleep(context, Duration.ofHours(1)),
                  () -> driver.executor().gather(context, List.of(() -> 1, () -> 2)));
          for (Runnable wait : waits) {
            assertThatThrownBy(wait::run).isInstanceOf(ActionAbortedError.class);
            aborts.incrementAndGet();
          }
        });

    driver.close();

    assertThat(aborts).hasValue(4);
  }

  @Test
  void closeIsIdempotentAndMayBeCalledByManyThreads() {
    Driver driver = new Driver(setup);
    if (setup.suspends()) {
      driver.start(context -> call(driver, context, () -> waitFor(never)));
    }
    AtomicInteger failed = new AtomicInteger();
    List<Thread> closers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Thread closer = new Thread(() -> driver.executor().close());
      closer.setUncaughtExceptionHandler((thread, thrown) -> failed.incrementAndGet());
      closers.add(closer);
      closer.start();
    }
    closers.forEach(Waiting::join);
    driver.close();
    driver.close();

    assertThat(failed).hasValue(0);
  }

  @Test
  void aClosedExecutorRefusesEverythingWithAClearMessage() throws Exception {
    Driver driver = new Driver(setup);
    ContinuationContext context = new ContinuationContext();
    driver.start(context, () -> call(driver, context, () -> 1));
    driver.finish();

    driver.close();

    for (Runnable late :
        List.<Runnable>of(
            () -> driver.executor().executeAction(context, () -> {}),
            () -> call(driver, context, () -> 1),
            () -> driver.executor().sleep(context, Duration.ZERO),
            () -> driver.executor().gather(context, List.of(() -> 1)))) {
      assertThatThrownBy(late::run)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("closed");
    }
    driver.executor().cancel(context);
    assertThat(driver.executor().drainReady()).isEmpty();
    assertThat(driver.executor().awaitReady(Duration.ZERO)).isFalse();
  }

  @Test
  void aContextOfAnAbortedActionIsFreeForAnotherExecutor() {
    if (!setup.suspends()) {
      return;
    }
    ContinuationContext context = new ContinuationContext();
    Driver first = new Driver(setup);
    first.start(context, () -> call(first, context, () -> waitFor(never)));
    first.close();

    try (Driver second = new Driver(setup)) {
      AtomicInteger value = new AtomicInteger();
      second.start(context, () -> value.set(call(second, context, () -> 4)));
      second.finish();
      assertThat(value).hasValue(4);
    }
  }

  @Test
  void anActionOrACallCannotCloseItsExecutor() {
    try (Driver driver = new Driver(setup)) {
      driver.run(
          context -> {
            assertCloseRefused(driver);
            call(
                driver,
                context,
                () -> {
                  assertCloseRefused(driver);
                  return null;
                });
            return null;
          });

      assertThat(driver.<Integer>run(context -> call(driver, context, () -> 2))).isEqualTo(2);
    }
  }

  private static void assertCloseRefused(Driver driver) {
    assertThatThrownBy(() -> driver.executor().close())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("from inside");
  }

  @Test
  void closeByAnotherThreadThanTheOwnerInterruptsTheSupplier() {
    CountDownLatch blocking = new CountDownLatch(1);
    AtomicBoolean interrupted = new AtomicBoolean();
    try (Driver driver =
        new Driver(setup, builder -> builder.closeTimeout(Duration.ofSeconds(4)))) {
      Thread owner =
          new Thread(
              () ->
                  driver.start(
                      context ->
                          call(
                              driver,
                              context,
                              () -> {
                                blocking.countDown();
                                try {
                                  Waiting.await(never);
                                } catch (Waiting.Interrupted expected) {
                                  interrupted.set(true);
                                }
                                return null;
                              })));
      owner.setUncaughtExceptionHandler((thread, aborted) -> {});
      owner.start();
      Waiting.await(blocking);

      driver.executor().close();
      Waiting.join(owner);
    }

    assertThat(interrupted).isTrue();
  }

  /**
   * The owner is another thread that is in the middle of a slice, blocked in code of the action.
   */
  @Test
  void anActionThatBlocksInItsOwnCodeIsInterrupted() {
    if (!setup.suspends()) {
      return;
    }
    CountDownLatch blocking = new CountDownLatch(1);
    AtomicBoolean interrupted = new AtomicBoolean();
    try (Driver driver =
        new Driver(setup, builder -> builder.closeTimeout(Duration.ofSeconds(4)))) {
      Thread owner =
          new Thread(
              () ->
                  driver.start(
                      context -> {
                        blocking.countDown();
                        try {
                          Waiting.await(never);
                        } catch (Waiting.Interrupted expected) {
                          interrupted.set(true);
                        }
                      }));
      owner.start();
      Waiting.await(blocking);

      driver.executor().close();
      Waiting.join(owner);
    }

    assertThat(interrupted).isTrue();
  }

  @Test
  void anExecutorThatNobodyClosesEndsWithItsLastReference() {
    if (!setup.suspends()) {
      return;
    }
    FermataThreads threads = new FermataThreads("driven-");
    WeakReference<Object> executor = new WeakReference<>(useAndForget());

    // Threads that actions had for themselves end some time after they were used last.
    Waiting.until(
        "the executor is collected and its worker has ended",
        () -> {
          System.gc();
          return executor.get() == null
              && threads.alive().stream().noneMatch(thread -> thread.startsWith("driven-"));
        });
  }

  private Object useAndForget() {
    Driver driver = new Driver(setup, builder -> builder.keepAlive(Duration.ofHours(1)));
    driver.run(context -> call(driver, context, () -> 1));
    assertThat(driver.gauges().workers()).isEqualTo(1);
    return driver.executor();
  }

  private static <T> T call(Driver driver, ContinuationContext context, Supplier<T> supplier) {
    return driver.executor().executeAsync(context, supplier);
  }

  private static Void waitFor(CountDownLatch latch) {
    Waiting.await(latch);
    return null;
  }

  private Void waitForInterrupt(CountDownLatch running, CountDownLatch interrupted) {
    running.countDown();
    try {
      Waiting.await(never);
    } catch (Waiting.Interrupted expected) {
      interrupted.countDown();
    }
    return null;
  }
}
