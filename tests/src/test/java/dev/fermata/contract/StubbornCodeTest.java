// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ActionAbortedError;
import dev.fermata.CapturedLog;
import dev.fermata.ContinuationContext;
import dev.fermata.internal.observe.Gauges;
import dev.fermata.testing.Driver;
import dev.fermata.testing.FermataThreads;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Waiting;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code close()} among user code that does not let go. */
@ParameterizedClass
@MethodSource("dev.fermata.testing.Setup#suspending")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StubbornCodeTest {
  private static final Duration CLOSE_TIMEOUT = Duration.ofMillis(600);
  private static final String CLOSING_LOG = "dev.fermata.internal.execution.Closing";

  @Parameter Setup setup;
  private final AtomicBoolean stop = new AtomicBoolean();
  private final CountDownLatch never = new CountDownLatch(1);

  @Test
  void aSupplierThatIgnoresItsInterruptIsNamedAndEndsWhenItsCodeDoes() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    AtomicInteger aborted = new AtomicInteger();
    Driver driver = driver();
    FermataThreads threads = new FermataThreads(driver.name());
    try (CapturedLog log = CapturedLog.of(Class.forName(CLOSING_LOG))) {
      driver.start(
          context -> {
            try {
              call(driver, context, new Stubborn(running));
            } catch (ActionAbortedError expected) {
              aborted.incrementAndGet();
            }
          });
      Waiting.await(running);

      driver.executor().close();

      assertThat(aborted).as("the action itself was let go").hasValue(1);
      assertThat(warnings(log)).hasSize(1);
      assertThat(warnings(log).get(0)).contains(Stubborn.class.getName()).contains("1 thread(s)");
      assertNoSlotIsHeld(driver.gauges());
      assertThat(threads.alive()).isNotEmpty();
    }
    stop.set(true);
    Waiting.until("its thread has ended", () -> threads.alive().isEmpty());
    assertThat(driver.gauges().workers()).isZero();
  }

  /** The same when its action went on long ago, because of a deadline. */
  @Test
  void aSupplierThatOutlivedItsDeadlineIsNamedToo() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    Driver driver = driver();
    FermataThreads threads = new FermataThreads(driver.name());
    try (CapturedLog log = CapturedLog.of(Class.forName(CLOSING_LOG))) {
      Throwable timedOut =
          driver.failureOf(
              context ->
                  driver
                      .executor()
                      .executeAsync(context, new Stubborn(running), Duration.ofMillis(300)));
      assertThat(timedOut).hasMessageContaining("deadline");
      Waiting.await(running);
      assertThat(driver.gauges().inFlight()).as("slots it holds").isZero();

      driver.executor().close();

      assertThat(warnings(log)).hasSize(1);
      assertThat(warnings(log).get(0)).contains(Stubborn.class.getName());
    }
    stop.set(true);
    Waiting.until("its thread has ended", () -> threads.alive().isEmpty());
  }

  @Test
  void anActionThatSwallowsEveryAbortIsNamedAndKeepsNoThreadBusy() throws Exception {
    AtomicInteger swallowed = new AtomicInteger();
    Driver driver = driver();
    FermataThreads threads = new FermataThreads(driver.name());
    try (CapturedLog log = CapturedLog.of(Class.forName(CLOSING_LOG))) {
      ContinuationContext context = new ContinuationContext();
      driver.start(
          context,
          () -> {
            while (!stop.get()) {
              try {
                call(driver, context, () -> waitFor(never));
              } catch (Throwable everything) {
                swallowed.incrementAndGet();
              }
            }
          });

      driver.executor().close();

      assertThat(swallowed).hasPositiveValue();
      assertThat(warnings(log)).hasSize(1);
      assertThat(warnings(log).get(0)).contains("1 action(s)").contains("StubbornCodeTest");
      assertThat(driver.gauges().inFlight()).isZero();
    }
    // Where actions have threads of their own, such an action keeps one, parked.
    Waiting.until(
        "the threads of the executor itself have ended",
        () -> threads.alive().stream().noneMatch(name -> name.startsWith(driver.name())));
    int afterClose = swallowed.get();
    assertThat(swallowed).hasValue(afterClose);
  }

  @Test
  void anActionThatSwallowsTheFirstAbortAndEndsIsNotNamed() throws Exception {
    AtomicInteger swallowed = new AtomicInteger();
    Driver driver = driver();
    try (CapturedLog log = CapturedLog.of(Class.forName(CLOSING_LOG))) {
      driver.start(
          context -> {
            try {
              call(driver, context, () -> waitFor(never));
            } catch (Throwable everything) {
              swallowed.incrementAndGet();
            }
          });

      driver.close();

      assertThat(swallowed).hasValue(1);
      assertThat(warnings(log)).isEmpty();
    }
  }

  @Test
  void aSupplierThatThrowsAnErrorWhenInterruptedDisturbsNobody() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    AtomicInteger aborted = new AtomicInteger();
    Driver driver = driver();
    FermataThreads threads = new FermataThreads(driver.name());
    try (CapturedLog log = CapturedLog.of(Class.forName(CLOSING_LOG))) {
      driver.start(
          context -> {
            try {
              call(
                  driver,
                  context,
                  () -> {
                    running.countDown();
                    try {
                      return waitFor(never);
                    } catch (Waiting.Interrupted interrupted) {
                      throw new StackOverflowError("of the supplier");
                    }
                  });
            } catch (ActionAbortedError expected) {
              aborted.incrementAndGet();
            }
          });
      Waiting.await(running);

      driver.close();

      assertThat(warnings(log)).isEmpty();
    }
    assertThat(aborted).hasValue(1);
    Waiting.until("no thread is left", () -> threads.alive().isEmpty());
  }

  @Test
  void anActionThatThrowsInItsFinallyIsLoggedAndTheOthersAreAborted() throws Exception {
    AtomicInteger cleanedUp = new AtomicInteger();
    Driver driver = driver();
    try (CapturedLog log = CapturedLog.of(Class.forName(CLOSING_LOG))) {
      for (int i = 0; i < 3; i++) {
        driver.start(
            context -> {
              try {
                call(driver, context, () -> waitFor(never));
              } finally {
                if (cleanedUp.incrementAndGet() == 1) {
                  throwInFinally();
                }
              }
            });
      }

      driver.close();

      assertThat(cleanedUp).hasValue(3);
      assertThat(warnings(log)).hasSize(1);
      assertThat(warnings(log).get(0)).contains("threw while it was aborted");
    }
  }

  private static void throwInFinally() {
    throw new IllegalStateException("of a finally block");
  }

  private Driver driver() {
    return new Driver(setup, builder -> builder.closeTimeout(CLOSE_TIMEOUT));
  }

  private static List<String> warnings(CapturedLog log) {
    return log.lines().stream()
        .filter(line -> line.startsWith("WARN "))
        .collect(Collectors.toList());
  }

  private static void assertNoSlotIsHeld(Gauges gauges) {
    assertThat(gauges.inFlight()).as("slots held").isZero();
    assertThat(gauges.suspended()).as("actions suspended").isZero();
    assertThat(gauges.timerEntries()).as("timers").isZero();
  }

  private static <T> T call(Driver driver, ContinuationContext context, Supplier<T> supplier) {
    return driver.executor().executeAsync(context, supplier);
  }

  private static Void waitFor(CountDownLatch latch) {
    Waiting.await(latch);
    return null;
  }

  /** Blocks until the test says stop, whoever interrupts it. */
  private final class Stubborn implements Supplier<Void> {
    private final CountDownLatch running;

    Stubborn(CountDownLatch running) {
      this.running = running;
    }

    @Override
    public Void get() {
      running.countDown();
      while (!stop.get()) {
        Thread.yield();
      }
      return null;
    }
  }
}
