// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ContinuationContext;
import dev.fermata.testing.Driver;
import dev.fermata.testing.Setup;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.MDC;

/** What a call gives back to its action, whatever the strategy. */
@ParameterizedClass
@MethodSource("dev.fermata.testing.Setup#all")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CallOutcomeTest {
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
  void aCallReturnsTheValueOfItsSupplier() {
    Object value = new Object();

    assertThat(driver.<Object>run(context -> call(context, () -> value))).isSameAs(value);
    assertThat(driver.bean().getCompletedCalls()).isEqualTo(1);
  }

  @Test
  void aCallReturnsNull() {
    assertThat(driver.<Object>run(context -> call(context, () -> null))).isNull();
  }

  @Test
  void anActionCallsManyTimes() {
    int sum =
        driver.run(
            context -> {
              int total = 0;
              for (int i = 1; i <= 100; i++) {
                int term = i;
                total += call(context, () -> term);
              }
              return total;
            });

    assertThat(sum).isEqualTo(5050);
  }

  @Test
  void theExceptionIsTheSuppliersOwnWithItsTraceAndTheCallers() {
    IllegalArgumentException thrown = new IllegalArgumentException("of the supplier");

    Throwable caught = driver.failureOf(context -> theAction(context, () -> theSupplier(thrown)));

    assertThat(caught).isSameAs(thrown);
    assertThat(caught.getStackTrace()[0].getMethodName()).startsWith("theExceptionIs");
    assertThat(caught.getSuppressed()).hasSize(1);
    assertThat(caught.getSuppressed()[0].getStackTrace())
        .anyMatch(frame -> frame.getMethodName().equals("theAction"));
    assertThat(driver.bean().getFailedCalls()).isEqualTo(1);
  }

  @Test
  void theSuppliersTraceIsNotTouched() {
    Throwable caught =
        driver.failureOf(
            context ->
                theAction(
                    context,
                    () -> {
                      throw new RuntimeException("made inside");
                    }));
    assertThat(caught.getStackTrace()[0].getMethodName())
        .startsWith("lambda$theSuppliersTraceIsNotTouched");
  }

  private <T> void theAction(ContinuationContext context, Supplier<T> supplier) {
    call(context, supplier);
  }

  private static <T> T theSupplier(RuntimeException thrown) {
    throw thrown;
  }

  @Test
  void errorsAndCheckedExceptionsPassUnchanged() {
    for (Throwable thrown :
        List.of(new StackOverflowError("deep"), new IOException("checked"), new Throwable("odd"))) {
      Throwable caught = driver.failureOf(context -> call(context, () -> sneak(thrown)));

      assertThat(caught).isSameAs(thrown);
    }
  }

  @Test
  void anActionCatchesWhatItsSupplierThrew() {
    String message =
        driver.run(
            context -> {
              try {
                return call(context, () -> sneak(new IOException("no route")));
              } catch (Exception caught) {
                return caught.getMessage() + call(context, () -> ", but went on");
              }
            });

    assertThat(message).isEqualTo("no route, but went on");
  }

  @Test
  void anExceptionThatIsThrownAgainAndAgainDoesNotGrow() {
    RuntimeException shared = new RuntimeException("thrown by every call");
    for (int i = 0; i < 3; i++) {
      driver.failureOf(context -> call(context, () -> theSupplier(shared)));
    }

    assertThat(shared.getSuppressed()).hasSize(1);
  }

  @Test
  void anExceptionThatTakesNoSuppressedOnesPassesUnchanged() {
    Throwable stackless = new Stackless();

    assertThat(driver.failureOf(context -> call(context, () -> sneak(stackless))))
        .isSameAs(stackless);
  }

  @Test
  void whatTheActionThrowsReachesTheOwner() {
    for (Throwable thrown : List.of(new IOException("at once"), new AssertionError("at once"))) {
      assertThat(driver.failureOf(context -> sneak(thrown))).isSameAs(thrown);
      assertThat(
              driver.failureOf(
                  context -> {
                    call(context, () -> 1);
                    sneak(thrown);
                  }))
          .isSameAs(thrown);
    }
  }

  @Test
  void gatherReturnsTheValuesInTheOrderOfTheSuppliers() {
    List<Supplier<Integer>> suppliers = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      Integer value = i % 7 == 0 ? null : i;
      suppliers.add(() -> value);
    }

    List<Integer> values = driver.run(context -> driver.executor().gather(context, suppliers));

    for (int i = 0; i < 50; i++) {
      assertThat(values.get(i)).isEqualTo(i % 7 == 0 ? null : i);
    }
    assertThat(values).hasSize(50);
  }

  @Test
  void gatherOfNothingReturnsNothing() {
    assertThat(driver.<List<Object>>run(context -> driver.executor().gather(context, List.of())))
        .isEmpty();
  }

  @Test
  void gatherThrowsTheExceptionOfTheSupplierThatFailed() {
    IOException thrown = new IOException("second");

    Throwable caught =
        driver.failureOf(
            context ->
                driver
                    .executor()
                    .gather(
                        context, Arrays.<Supplier<Object>>asList(() -> 1, () -> sneak(thrown))));

    assertThat(caught).isSameAs(thrown);
  }

  @Test
  void sleepReturnsWithoutAWorker() {
    driver.run(
        context -> {
          driver.executor().sleep(context, Duration.ZERO);
          driver.executor().sleep(context, Duration.ofMillis(2));
          return null;
        });

    assertThat(driver.bean().getWorkers()).isZero();
    assertThat(driver.bean().getCompletedCalls()).isEqualTo(2);
  }

  @Test
  void aCallFromInsideACallRunsInPlace() {
    List<Thread> threads = new ArrayList<>();

    String value =
        driver.run(
            context ->
                call(
                    context,
                    () -> {
                      threads.add(Thread.currentThread());
                      String inner =
                          call(
                              context,
                              () -> {
                                threads.add(Thread.currentThread());
                                return "inner";
                              });
                      driver.executor().sleep(context, Duration.ofMillis(1));
                      return inner + driver.executor().gather(context, List.of(() -> "most"));
                    }));

    assertThat(value).isEqualTo("inner[most]");
    assertThat(threads.get(0)).isSameAs(threads.get(1));
    assertThat(driver.bean().getPinnedCalls()).isZero();
  }

  @Test
  void classLoaderAndMdcFollowTheActionAndItsCalls() throws Exception {
    Thread owner = Thread.currentThread();
    ClassLoader before = owner.getContextClassLoader();
    try (URLClassLoader actions = new URLClassLoader(new URL[0], before)) {
      owner.setContextClassLoader(actions);
      MDC.put("tenant", "one");
      driver.start(
          context -> {
            assertSurroundings(actions, "one");
            call(context, () -> assertSurroundings(actions, "one"));
            assertSurroundings(actions, "one");
            MDC.put("tenant", "changed by the action");
            call(context, () -> assertSurroundings(actions, "changed by the action"));
            assertSurroundings(actions, "changed by the action");
          });
      owner.setContextClassLoader(before);
      MDC.put("tenant", "two");

      driver.finish();

      assertSurroundings(before, "two");
    } finally {
      owner.setContextClassLoader(before);
      MDC.clear();
    }
  }

  private static Void assertSurroundings(ClassLoader loader, String tenant) {
    assertThat(Thread.currentThread().getContextClassLoader()).isSameAs(loader);
    assertThat(MDC.get("tenant")).isEqualTo(tenant);
    return null;
  }

  @Test
  void argumentsAreChecked() {
    driver.run(
        context -> {
          assertThatThrownBy(() -> call(context, null)).isInstanceOf(NullPointerException.class);
          assertThatThrownBy(() -> call(null, () -> 1)).isInstanceOf(NullPointerException.class);
          assertThatThrownBy(() -> driver.executor().gather(context, Arrays.asList(() -> 1, null)))
              .isInstanceOf(NullPointerException.class);
          assertThatThrownBy(() -> driver.executor().sleep(context, Duration.ofMillis(-1)))
              .isInstanceOf(IllegalArgumentException.class)
              .hasMessageContaining("duration");
          for (Duration deadline : List.of(Duration.ZERO, Duration.ofMillis(-1))) {
            assertThatThrownBy(() -> driver.executor().executeAsync(context, () -> 1, deadline))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("deadline");
          }
          return null;
        });
  }

  private <T> T call(ContinuationContext context, Supplier<T> supplier) {
    return driver.executor().executeAsync(context, supplier);
  }

  /** Throws anything as if it were unchecked, as code in other languages of the JVM does. */
  @SuppressWarnings("unchecked")
  private static <T, E extends Throwable> T throwAny(Throwable thrown) throws E {
    throw (E) thrown;
  }

  private static <T> T sneak(Throwable thrown) {
    return CallOutcomeTest.<T, RuntimeException>throwAny(thrown);
  }

  private static final class Stackless extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Stackless() {
      super("no stack", null, false, false);
    }
  }
}
