// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionScope;
import dev.fermata.FermataExecutorMXBean;
import dev.fermata.Strategy;
import io.micrometer.context.ContextRegistry;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadPoolExecutor;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import org.springframework.core.task.AsyncTaskExecutor;

/** Where an executor of Fermata is not as Spring's, on purpose. */
class DifferencesTest extends OnFermata {
  private static final ThreadLocal<String> TENANT = new ThreadLocal<>();
  private final Gate never = new Gate();

  /** Spring's leaves the task alone: CompletableFuture knows nothing of interrupts. */
  @Test
  void cancellingACompletableFutureInterruptsItsTask() {
    AsyncTaskExecutor executor = opened(THREADS, QUEUE);
    Gate running = new Gate();
    Gate interrupted = new Gate();
    CompletableFuture<Void> future =
        executor.submitCompletable(
            () -> {
              running.open();
              if (never.awaitInterrupt()) {
                interrupted.open();
              }
            });
    running.await();

    assertThat(future.cancel(true)).isTrue();

    interrupted.await();
    assertThat(future).isCancelled();
  }

  @Test
  void theMdcFollowsByItselfAndNothingIsLeftForTheNextTask() throws Exception {
    AsyncTaskExecutor executor = opened(1, QUEUE);
    MDC.put("request", "7");
    try {
      assertThat(
              Waiting.get(
                  executor.submit(
                      () -> {
                        MDC.put("left", "behind");
                        return MDC.get("request");
                      })))
          .isEqualTo("7");
      assertThat(MDC.get("left")).isNull();
    } finally {
      MDC.clear();
    }
    assertThat(Waiting.get(executor.submit(() -> MDC.get("request")))).isNull();
    assertThat(Waiting.get(executor.submit(() -> MDC.get("left")))).isNull();
  }

  @Test
  void registeredValuesFollowByThemselvesAndNothingIsLeftForTheNextTask() throws Exception {
    ContextRegistry.getInstance().registerThreadLocalAccessor("tenant", TENANT);
    try {
      AsyncTaskExecutor executor = opened(1, QUEUE);
      TENANT.set("blue");
      assertThat(
              Waiting.get(
                  executor.submit(
                      () -> {
                        String callers = TENANT.get();
                        TENANT.set("changed by the task");
                        return callers;
                      })))
          .isEqualTo("blue");
      assertThat(TENANT.get()).isEqualTo("blue");
      TENANT.remove();

      assertThat(Waiting.get(executor.submit(TENANT::get))).isNull();
    } finally {
      ContextRegistry.getInstance().removeThreadLocalAccessor("tenant");
    }
  }

  @Test
  void theContextClassLoaderFollowsByItself() throws Exception {
    AsyncTaskExecutor executor = opened(1, QUEUE);
    Thread caller = Thread.currentThread();
    ClassLoader before = caller.getContextClassLoader();
    try (URLClassLoader loader = new URLClassLoader(new URL[0], before)) {
      caller.setContextClassLoader(loader);

      assertThat(Waiting.get(executor.submit(() -> Thread.currentThread().getContextClassLoader())))
          .isSameAs(loader);
    } finally {
      caller.setContextClassLoader(before);
    }
  }

  @Test
  void tasksHaveAScopeWhereTheyAreActions() throws Exception {
    AsyncTaskExecutor executor = opened(THREADS, QUEUE);

    assertThat(ActionScope.current()).isEmpty();
    assertThat(Waiting.get(executor.submit(() -> ActionScope.current().isPresent())))
        .isEqualTo(kind.hasActions());
  }

  @Test
  void aHandlerOfRefusedTasksIsRefused() {
    FermataTaskExecutor executor = fermata();
    executor.setRejectedExecutionHandler(new ThreadPoolExecutor.CallerRunsPolicy());

    assertThatThrownBy(executor::initialize)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("CallerRunsPolicy");
  }

  @Test
  void numbersOutOfRangeAreRefusedByName() {
    FermataTaskExecutor executor = fermata();

    assertThatThrownBy(() -> executor.setConcurrency(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("concurrency");
    assertThatThrownBy(() -> executor.setQueueCapacity(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("queueCapacity");
    assertThatThrownBy(() -> executor.setMaxActions(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("maxActions");
    assertThatThrownBy(() -> executor.setLoops(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("loops");
    assertThatThrownBy(() -> executor.setKeepAlive(Duration.ofSeconds(-1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("keepAlive");
  }

  @Test
  void itTellsHowItRunsAndWhatItDoes() throws Exception {
    FermataTaskExecutor executor = fermata();
    opened(executor);
    boolean withoutLibrary = kind.name().endsWith("WITHOUT_LIBRARY");
    Gate running = new Gate();
    Gate release = new Gate();
    CompletableFuture<Void> task =
        executor.submitCompletable(
            () -> {
              running.open();
              release.await();
            });
    running.await();

    assertThat(executor.getActiveCount()).isOne();
    release.open();
    Waiting.get(task);
    Waiting.until("no task is active", () -> executor.getActiveCount() == 0);
    Waiting.until("no task is queued", () -> executor.getQueuedCount() == 0);
    assertThat(executor.strategy() == Strategy.INLINE).isEqualTo(withoutLibrary);
    assertThat(executor.metrics()).isNotEmpty();
    if (!withoutLibrary) {
      assertThat(executor.metrics())
          .extracting(FermataExecutorMXBean::getName)
          .allSatisfy(name -> assertThat(name).startsWith("told"));
    }
  }

  private FermataTaskExecutor fermata() {
    FermataTaskExecutor executor = (FermataTaskExecutor) kind.executor(THREADS, QUEUE, null);
    executor.setThreadNamePrefix("told-");
    return executor;
  }
}
