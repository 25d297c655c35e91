// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ContinuationContext;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.testing.Driver;
import dev.fermata.testing.FaultInjection;
import dev.fermata.testing.FaultInjection.Point;
import dev.fermata.testing.Setup;
import dev.fermata.testing.Waiting;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/**
 * A program that injects one fault after the other, each into a new executor, and checks that the
 * executor then works as if nothing had been. Its argument is a {@link Setup}.
 */
public final class InjectedFaults {
  private final Setup setup;

  private InjectedFaults(Setup setup) {
    this.setup = setup;
  }

  public static void main(String[] arguments) {
    InjectedFaults program = new InjectedFaults(Setup.valueOf(arguments[0]));
    program.panicsAtEntry();
    System.out.println("panics at entry: survived");
    program.panicsOfWorkers();
    System.out.println("panics of workers: survived");
    program.exceptionAfterAnUpcall();
    System.out.println("exception after an upcall: survived");
    program.failedAttach();
    System.out.println("failed attach: survived");
    program.failedSpawn();
    System.out.println("failed spawn: survived");
    program.failedSubmit();
    System.out.println("failed submit: survived");
    program.timerWithoutThread();
    System.out.println("timer without thread: survived");
    program.abortedCalls();
    System.out.println("aborted calls: no reference left");
  }

  private void panicsAtEntry() {
    try (Driver driver = new Driver(setup)) {
      arm(Point.PanicAtEntry);
      assertFault(ErrorKind.BOUNDARY, () -> driver.start(context -> {}));
      assertWorks(driver);

      driver.run(
          context -> {
            arm(Point.PanicAtEntry);
            assertFault(ErrorKind.BOUNDARY, () -> call(driver, context, new AtomicInteger()));
            arm(Point.PanicAtEntry);
            assertFault(
                ErrorKind.BOUNDARY, () -> driver.executor().sleep(context, Duration.ofMillis(1)));
            arm(Point.PanicAtEntry);
            assertFault(
                ErrorKind.BOUNDARY,
                () -> driver.executor().gather(context, List.of(() -> 1, () -> 2)));
            arm(Point.PanicAtEntry);
            assertFault(ErrorKind.BOUNDARY, () -> driver.executor().submit(context, () -> 1));
            return null;
          });
      arm(Point.PanicAtEntry);
      assertFault(ErrorKind.BOUNDARY, () -> driver.executor().drainReady());
      assertWorks(driver);
    }
    assertNoReferenceIsLeft();
  }

  private void panicsOfWorkers() {
    try (Driver driver = new Driver(setup)) {
      AtomicInteger runs = new AtomicInteger();
      arm(Point.PanicBeforeUpcall);
      assertCallFails(driver, ErrorKind.BOUNDARY, runs);
      assertThat(runs).as("runs of a supplier whose worker panicked before it").hasValue(0);

      arm(Point.PanicAfterUpcall);
      assertCallFails(driver, ErrorKind.BOUNDARY, runs);
      assertThat(runs).as("runs of a supplier whose worker panicked after it").hasValue(1);
      for (Point point : List.of(Point.PanicBeforeUpcall, Point.PanicAfterUpcall)) {
        arm(point);
        driver.run(
            context -> {
              assertFault(
                  ErrorKind.BOUNDARY,
                  () ->
                      driver.executor().await(context, driver.executor().submit(context, () -> 1)));
              return null;
            });
      }
      assertWorks(driver);
    }
    assertNoReferenceIsLeft();
  }

  private void exceptionAfterAnUpcall() {
    try (Driver driver = new Driver(setup)) {
      AtomicInteger runs = new AtomicInteger();
      arm(Point.ExceptionAfterUpcall);
      assertCallFails(driver, ErrorKind.BOUNDARY, runs);
      assertThat(runs).hasValue(1);
      assertWorks(driver);
    }
    assertNoReferenceIsLeft();
  }

  private void failedAttach() {
    try (Driver driver = new Driver(setup)) {
      AtomicInteger runs = new AtomicInteger();
      arm(Point.AttachFails);
      assertCallFails(driver, ErrorKind.BOUNDARY, runs);
      assertThat(runs).hasValue(0);
      assertWorks(driver);
    }
    assertNoReferenceIsLeft();
  }

  private void failedSpawn() {
    try (Driver driver = new Driver(setup, builder -> builder.asyncThreads(2))) {
      AtomicInteger runs = new AtomicInteger();
      arm(Point.SpawnFails);
      assertCallFails(driver, ErrorKind.THREAD_SPAWN, runs);
      assertThat(runs).hasValue(0);
      assertWorks(driver);

      // With one worker alive, a refused second one only means that the call waits.
      CountDownLatch release = new CountDownLatch(1);
      driver.start(context -> driver.executor().executeAsync(context, () -> waitFor(release)));
      arm(Point.SpawnFails);
      driver.start(context -> call(driver, context, runs));
      release.countDown();
      driver.finish();
      assertThat(runs).hasValue(1);
      FaultInjection.arm(Point.SpawnFails, 0);
    }
    assertNoReferenceIsLeft();
  }

  private void failedSubmit() {
    try (Driver driver = new Driver(setup)) {
      AtomicInteger runs = new AtomicInteger();
      arm(Point.SubmitFails);
      assertCallFails(driver, ErrorKind.THREAD_SPAWN, runs);
      assertThat(runs).hasValue(0);
      assertWorks(driver);
    }
    assertNoReferenceIsLeft();
  }

  private void timerWithoutThread() {
    for (Point point : List.of(Point.SpawnFails, Point.AttachFails)) {
      try (Driver driver = new Driver(setup)) {
        arm(point);
        Throwable failure =
            driver.failureOf(context -> driver.executor().sleep(context, Duration.ofHours(1)));
        assertThat(failure).isInstanceOf(FermataException.class);
        FaultInjection.arm(point, 0);
        assertWorks(driver);
      }
    }
    assertNoReferenceIsLeft();
  }

  private void abortedCalls() {
    Driver driver = new Driver(setup, builder -> builder.asyncThreads(20));
    for (int i = 0; i < 1_000; i++) {
      driver.start(
          context -> driver.executor().executeAsync(context, () -> waitFor(new CountDownLatch(1))));
    }
    driver.close();
    assertNoReferenceIsLeft();
  }

  private static void arm(Point point) {
    FaultInjection.arm(point, 1);
  }

  private static Integer call(Driver driver, ContinuationContext context, AtomicInteger runs) {
    return driver.executor().executeAsync(context, runs::incrementAndGet);
  }

  private static void assertCallFails(Driver driver, ErrorKind kind, AtomicInteger runs) {
    driver.run(
        context -> {
          assertFault(kind, () -> call(driver, context, runs));
          return null;
        });
  }

  private static void assertFault(ErrorKind kind, ThrowingCallable code) {
    assertThatThrownBy(code)
        .isInstanceOfSatisfying(
            FermataException.class,
            thrown -> {
              assertThat(thrown.kind()).as(thrown.getMessage()).isEqualTo(kind);
              assertThat(thrown.getMessage()).isNotBlank();
            });
  }

  private static void assertWorks(Driver driver) {
    AtomicInteger runs = new AtomicInteger();
    assertThat(driver.<Integer>run(context -> call(driver, context, runs))).isEqualTo(1);
    driver.run(
        context -> {
          driver.executor().sleep(context, Duration.ofMillis(1));
          return null;
        });
    assertThat(driver.gauges().inFlight()).as("slots in use").isZero();
  }

  private static void assertNoReferenceIsLeft() {
    Waiting.until("no reference is left", () -> FaultInjection.liveGlobalReferences() == 0);
  }

  private static Void waitFor(CountDownLatch latch) {
    Waiting.await(latch);
    return null;
  }
}
