// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionLoop;
import dev.fermata.ActionScope;
import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.testing.Driver;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Waiting;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Who may call what, where; and what one context and one executor stand for. */
@ParameterizedClass
@MethodSource("dev.fermata.testing.Setup#all")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OwnerRulesTest {
  private static final String OUTSIDE = "not inside an action";

  @Parameter Setup setup;
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
  void theStrategyIsTheOneThatWasAskedFor() {
    assertThat(driver.executor().strategy()).isEqualTo(setup.strategy());
    assertThat(driver.bean().getStrategy()).isEqualTo(setup.name());
  }

  @Test
  void outsideAnActionNothingCanBeAwaited() {
    ContinuationContext unused = new ContinuationContext();

    assertOutside(unused);

    driver.start(unused, () -> driver.executor().executeAsync(unused, () -> 1));
    driver.finish();
    assertOutside(unused);
  }

  @Test
  void anotherExecutorDoesNotTakeTheContextOfAnAction() {
    try (Driver other = new Driver(setup)) {
      driver.run(
          context -> {
            assertThatThrownBy(() -> other.executor().executeAsync(context, () -> 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(OUTSIDE);
            CompletableFuture<Void> refused =
                CompletableFuture.runAsync(
                    () ->
                        assertThatThrownBy(() -> other.start(context, () -> {}))
                            .isInstanceOf(IllegalStateException.class));
            Waiting.until("the other executor has refused", refused::isDone);
            refused.join();

            assertThat(ActionScope.current().orElseThrow().call(() -> 2)).isEqualTo(2);
            return null;
          });
    }
  }

  @Test
  void anotherThreadCannotWaitForAnAction() {
    driver.run(
        context -> {
          CompletableFuture<Void> other = CompletableFuture.runAsync(() -> assertOutside(context));
          Waiting.until("the other thread was refused", other::isDone);
          other.join();
          return null;
        });
  }

  @Test
  void anActionCannotWaitForAnother() {
    ContinuationContext other = new ContinuationContext();

    driver.run(
        context -> {
          assertOutside(other);
          return null;
        });
  }

  private void assertOutside(ContinuationContext context) {
    ContinuationActionExecutor executor = driver.executor();
    for (ThrowingCallable wait :
        List.<ThrowingCallable>of(
            () -> executor.executeAsync(context, () -> 1),
            () -> executor.executeAsync(context, () -> 1, Duration.ofSeconds(1)),
            () -> executor.gather(context, List.of(() -> 1)),
            () -> executor.sleep(context, Duration.ZERO))) {
      assertThatThrownBy(wait)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining(OUTSIDE);
    }
  }

  @Test
  void anActionRunsNoAction() {
    driver.run(
        context -> {
          assertThatThrownBy(() -> driver.start(new ContinuationContext(), () -> {}))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("from inside");
          assertThatThrownBy(() -> driver.start(context, () -> {}))
              .isInstanceOf(IllegalStateException.class);
          driver
              .executor()
              .executeAsync(
                  context,
                  () ->
                      assertThatThrownBy(() -> driver.start(new ContinuationContext(), () -> {}))
                          .isInstanceOf(IllegalStateException.class)
                          .hasMessageContaining("from inside"));
          return null;
        });
  }

  @Test
  void twoThreadsRunNoActionsOfOneExecutorAtOnce() {
    if (!setup.suspends()) {
      return;
    }
    CyclicBarrier inside = new CyclicBarrier(2);
    CyclicBarrier refused = new CyclicBarrier(2);
    Thread second =
        new Thread(
            () -> {
              Waiting.await(inside);
              try {
                assertThatThrownBy(
                        () -> driver.executor().executeAction(new ContinuationContext(), () -> {}))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("another thread");
              } finally {
                Waiting.await(refused);
              }
            });
    AtomicInteger uncaught = new AtomicInteger();
    second.setUncaughtExceptionHandler((thread, thrown) -> uncaught.incrementAndGet());
    second.start();
    driver.start(
        context -> {
          meetWithinTheSlice(inside);
          meetWithinTheSlice(refused);
        });
    driver.finish();
    Waiting.join(second);

    assertThat(uncaught).hasValue(0);
  }

  /** Blocking would end the slice with VIRTUAL, so another thread does it. */
  private static void meetWithinTheSlice(CyclicBarrier barrier) {
    Thread delegate = new Thread(() -> Waiting.await(barrier));
    delegate.start();
    while (delegate.isAlive()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aContextBelongsToOneExecutorAtATime() {
    try (Driver other = new Driver(setup)) {
      ContinuationContext context = new ContinuationContext();
      CountDownLatch release = new CountDownLatch(1);
      driver.start(
          context,
          () -> {
            if (!setup.suspends()) {
              assertThatThrownBy(() -> other.start(context, () -> {}))
                  .isInstanceOf(IllegalStateException.class);
            } else {
              driver.executor().executeAsync(context, () -> waitFor(release));
            }
          });
      if (setup.suspends()) {
        assertThatThrownBy(() -> other.start(context, () -> {}))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("another executor");
      }
      release.countDown();
      driver.finish();

      AtomicInteger value = new AtomicInteger();
      other.start(context, () -> value.set(other.executor().executeAsync(context, () -> 7)));
      other.finish();
      assertThat(value).hasValue(7);
    }
  }

  @Test
  void twoExecutorsOfOneOwnerDoNotMixUp() {
    try (Driver other = new Driver(setup)) {
      CountDownLatch release = new CountDownLatch(setup.suspends() ? 1 : 0);
      driver.start(context -> driver.executor().executeAsync(context, () -> waitFor(release)));
      String value = other.run(context -> other.executor().executeAsync(context, () -> "other"));
      release.countDown();
      driver.finish();

      assertThat(value).isEqualTo("other");
    }
  }

  /** A supplier is blocking code of the user: it may use Fermata itself, as an owner of its own. */
  @Test
  void aSupplierMayOwnAnExecutorOrALoop() {
    String value =
        driver.run(
            context ->
                driver
                    .executor()
                    .executeAsync(
                        context,
                        () -> {
                          String inner;
                          try (Driver own = new Driver(setup)) {
                            inner =
                                own.run(
                                    ctx -> own.executor().executeAsync(ctx, () -> "of its own"));
                          }
                          try (ActionLoop loop = setup.build(ActionLoop.builder())) {
                            return loop.submit(scope -> scope.call(() -> "loop ")).join() + inner;
                          }
                        }));

    assertThat(value).isEqualTo("loop of its own");
  }

  @Test
  void aContextIsUsedAgainAfterItsActionEndedOrFailed() {
    ContinuationContext context = new ContinuationContext();
    AtomicInteger ran = new AtomicInteger();
    Consumer<Integer> action =
        number -> {
          int value = driver.executor().executeAsync(context, () -> number);
          ran.addAndGet(value);
          if (value == 2) {
            throw new IllegalArgumentException("fails");
          }
        };

    driver.start(context, () -> action.accept(1));
    driver.finish();
    assertThatThrownBy(
            () -> {
              driver.start(context, () -> action.accept(2));
              driver.finish();
            })
        .isInstanceOf(IllegalArgumentException.class);
    driver.start(context, () -> action.accept(3));
    driver.finish();

    assertThat(ran).hasValue(6);
  }

  @Test
  void anActionThatFailsAtOnceLeavesItsContextFree() {
    ContinuationContext context = new ContinuationContext();
    IllegalStateException thrown = new IllegalStateException("at once");

    assertThatThrownBy(
            () ->
                driver.start(
                    context,
                    () -> {
                      throw thrown;
                    }))
        .isSameAs(thrown);
    driver.start(context, () -> {});

    assertThat(driver.unfinished()).isZero();
    assertThat(driver.bean().getStartedActions()).isEqualTo(2);
    assertThat(driver.bean().getFinishedActions()).isEqualTo(2);
  }

  @Test
  void optionsOutOfRangeAreNamed() {
    assertRefused("asyncThreads", builder -> builder.asyncThreads(0));
    assertRefused("queueCapacity", builder -> builder.queueCapacity(0));
    assertRefused("maxCalls", builder -> builder.maxCalls(0));
    assertRefused("keepAlive", builder -> builder.keepAlive(Duration.ofNanos(-1)));
    assertRefused("threadName", builder -> builder.threadName(" "));
    assertRefused("defaultDeadline", builder -> builder.defaultDeadline(Duration.ZERO));
    assertRefused("closeTimeout", builder -> builder.closeTimeout(Duration.ofNanos(-1)));
    assertThatThrownBy(() -> new ContinuationActionExecutor(0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private void assertRefused(
      String option,
      Function<ContinuationActionExecutor.Builder, ContinuationActionExecutor.Builder> set) {
    assertThatThrownBy(() -> setup.build(set.apply(setup.builder())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(option);
  }

  private static Void waitFor(CountDownLatch latch) {
    Waiting.await(latch);
    return null;
  }
}
