// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.Thread.UncaughtExceptionHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.context.ApplicationContext;
import org.springframework.core.task.AsyncListenableTaskExecutor;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.TaskRejectedException;
import org.springframework.scheduling.SchedulingTaskExecutor;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.concurrent.ExecutorConfigurationSupport;
import org.springframework.util.concurrent.ListenableFuture;

/** The executor as its users call it: what it runs, refuses, cancels and bounds. */
class AsyncBehaviourTasksTest extends AsyncBehaviour {
  private final Gate release = new Gate();
  private final Gate never = new Gate();

  static class Calls {
    @Async
    public void nothing() {}

    @Async
    public CompletableFuture<String> completable() {
      return CompletableFuture.completedFuture("value");
    }
  }

  @Test
  void everyWayToHandInATaskRunsIt() throws Exception {
    AsyncTaskExecutor executor = opened(THREADS, QUEUE);
    CompletableFuture<Thread> executed = new CompletableFuture<>();
    AtomicInteger runs = new AtomicInteger();
    FutureTask<String> task = new FutureTask<>(() -> "own");
    executor.execute(() -> executed.complete(Thread.currentThread()));
    executor.execute(task);

    assertThat(Waiting.get(executed)).isNotSameAs(Thread.currentThread());
    assertThat(Waiting.get(task)).isEqualTo("own");
    assertThat((Object) Waiting.get(executor.submit(runs::incrementAndGet))).isEqualTo(1);
    assertThat(Waiting.get(executor.submit((Runnable) runs::incrementAndGet))).isNull();
    assertThat((Object) Waiting.get(executor.submitCompletable(runs::incrementAndGet)))
        .isEqualTo(3);
    assertThat(Waiting.get(executor.submitCompletable((Runnable) runs::incrementAndGet))).isNull();
    assertThat(runs).hasValue(4);
  }

  @Test
  @SuppressWarnings({"deprecation", "removal"})
  void itTakesTasksThatHaveListeners() throws Exception {
    AsyncListenableTaskExecutor executor = (AsyncListenableTaskExecutor) opened(THREADS, QUEUE);
    IllegalStateException failure = new IllegalStateException("no order");
    CompletableFuture<Throwable> told = new CompletableFuture<>();
    ListenableFuture<String> failing =
        executor.submitListenable(
            () -> {
              throw failure;
            });
    failing.addCallback(value -> told.complete(null), told::complete);

    assertThat(Waiting.get(executor.submitListenable(() -> "value"))).isEqualTo("value");
    assertThat(Waiting.get(executor.submitListenable(() -> {}))).isNull();
    assertThat(Waiting.get(told)).isSameAs(failure);
  }

  @Test
  void whatATaskThrowsIsInItsFuture() {
    AsyncTaskExecutor executor = opened(THREADS, QUEUE);
    AssertionError failure = new AssertionError("of the task");
    Runnable task =
        () -> {
          throw failure;
        };

    assertThatThrownBy(() -> Waiting.get(executor.submit(task)))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isSameAs(failure);
  }

  @Test
  void whatATaskWithoutAFutureThrowsGoesToTheHandlerOfItsThread() throws Exception {
    AsyncTaskExecutor executor = opened(1, QUEUE);
    IllegalStateException failure = new IllegalStateException("of the task");
    CompletableFuture<Throwable> told = new CompletableFuture<>();
    UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> told.complete(thrown));
    try {
      executor.execute(
          () -> {
            throw failure;
          });
      assertThat(Waiting.get(told)).isSameAs(failure);
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
    assertThat(Waiting.get(executor.submit(() -> "next"))).isEqualTo("next");
  }

  @Test
  void itsThreadsHaveThePrefix() throws Exception {
    ExecutorConfigurationSupport own = kind.executor(THREADS, QUEUE, null);
    own.setThreadNamePrefix("orders-");
    AsyncTaskExecutor executor = opened(own);

    assertThat(Waiting.get(executor.submit(() -> Thread.currentThread().getName())))
        .startsWith("orders-");
  }

  @Test
  void itPrefersShortTasks() {
    assertThat(((SchedulingTaskExecutor) opened(THREADS, QUEUE)).prefersShortLivedTasks()).isTrue();
  }

  @Test
  void beforeItIsInitializedItTakesNoTask() {
    AsyncTaskExecutor executor = (AsyncTaskExecutor) kind.executor(THREADS, QUEUE, null);

    assertThatThrownBy(() -> executor.execute(() -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("not initialized");
    assertThatThrownBy(() -> executor.submit(() -> 1)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void whenItIsFullItRefusesTasksAndTheOthersGoOn() throws Exception {
    AsyncTaskExecutor executor = opened(1, 1);
    List<Future<?>> accepted = fill(executor, 2);
    AtomicBoolean ran = new AtomicBoolean();

    assertThatThrownBy(() -> executor.execute(() -> ran.set(true)))
        .isInstanceOf(TaskRejectedException.class);
    assertThatThrownBy(() -> executor.submit(() -> ran.getAndSet(true)))
        .isInstanceOf(TaskRejectedException.class);
    assertThatThrownBy(() -> executor.submitCompletable(() -> ran.getAndSet(true)))
        .isInstanceOf(TaskRejectedException.class);
    release.open();
    for (Future<?> task : accepted) {
      Waiting.get(task);
    }
    assertThat(ran).isFalse();
    Waiting.until("there is room again", () -> isAccepted(executor));
  }

  @Test
  void whenItIsFullTheCallerOfAnAsynchronousMethodIsTold() throws Exception {
    ExecutorConfigurationSupport small = kind.executor(1, 1, null);
    ApplicationContext context =
        context(
            beans -> {
              register(beans, "taskExecutor", small);
              beans.registerBean(Calls.class);
            });
    Calls calls = context.getBean(Calls.class);
    List<Future<?>> accepted = fill((AsyncTaskExecutor) small, 2);

    assertThatThrownBy(calls::nothing).isInstanceOf(TaskRejectedException.class);
    assertThatThrownBy(calls::completable).isInstanceOf(TaskRejectedException.class);
    release.open();
    for (Future<?> task : accepted) {
      Waiting.get(task);
    }
  }

  @Test
  void afterShutdownItRefusesTasks() {
    AsyncTaskExecutor executor = opened(THREADS, QUEUE);
    ((ExecutorConfigurationSupport) executor).shutdown();

    assertThatThrownBy(() -> executor.execute(() -> {})).isInstanceOf(TaskRejectedException.class);
    assertThatThrownBy(() -> executor.submit(() -> 1)).isInstanceOf(TaskRejectedException.class);
    assertThatThrownBy(() -> executor.submitCompletable(() -> 1))
        .isInstanceOf(TaskRejectedException.class);
  }

  @Test
  void cancellingAFutureInterruptsItsTask() {
    AsyncTaskExecutor executor = opened(THREADS, QUEUE);
    Gate running = new Gate();
    Gate interrupted = new Gate();
    Future<?> future =
        executor.submit(
            () -> {
              running.open();
              if (never.awaitInterrupt()) {
                interrupted.open();
              }
            });
    running.await();

    assertThat(future.cancel(true)).isTrue();
    interrupted.await();
    assertThat(future.isCancelled()).isTrue();
    assertThatThrownBy(() -> Waiting.get(future)).isInstanceOf(CancellationException.class);
  }

  @Test
  void cancellingAFutureWithoutInterruptLetsItsTaskGoOn() throws Exception {
    AsyncTaskExecutor executor = opened(THREADS, QUEUE);
    Gate running = new Gate();
    CompletableFuture<Boolean> outcome = new CompletableFuture<>();
    Future<?> future =
        executor.submit(
            () -> {
              running.open();
              boolean interrupted = release.awaitInterrupt() || Thread.interrupted();
              outcome.complete(interrupted);
            });
    running.await();

    assertThat(future.cancel(false)).isTrue();
    assertThat(future.isCancelled()).isTrue();
    release.open();
    assertThat(Waiting.get(outcome)).as("the task was interrupted").isFalse();
  }

  @Test
  void aTaskThatIsCancelledBeforeItBeginsNeverRuns() throws Exception {
    ExecutorConfigurationSupport paused = kind.executor(1, QUEUE, null);
    AsyncTaskExecutor executor = opened(paused);
    paused.stop();
    AtomicBoolean ran = new AtomicBoolean();
    Future<?> first = executor.submit(() -> {});
    Future<?> second = executor.submit(() -> ran.set(true));

    assertThat(second.cancel(true)).isTrue();
    paused.start();

    Waiting.get(first);
    Waiting.get(executor.submit(() -> {}));
    assertThat(ran).isFalse();
  }

  @Test
  void aTaskThatIsCancelledWhileItIsHeldBackNeverRuns() throws Exception {
    ExecutorConfigurationSupport paused = kind.executor(1, QUEUE, null);
    AsyncTaskExecutor executor = opened(paused);
    paused.stop();
    AtomicBoolean ran = new AtomicBoolean();
    Future<?> held = executor.submit(() -> ran.set(true));
    Waiting.until("the task has a thread", () -> ExecutorKind.active(paused) == 1);

    assertThat(held.cancel(true)).isTrue();
    paused.start();

    Waiting.get(executor.submit(() -> {}));
    assertThat(ran).isFalse();
  }

  @Test
  void aTaskMaySubmitTasks() throws Exception {
    AsyncTaskExecutor executor = opened(1, QUEUE);

    CompletableFuture<Future<String>> outer =
        executor.submitCompletable(() -> executor.submit(() -> "inner"));

    assertThat(Waiting.get(Waiting.get(outer))).isEqualTo("inner");
  }

  @Test
  void tasksRunAtOnce() throws Exception {
    AsyncTaskExecutor executor = opened(THREADS, QUEUE);
    Gate all = new Gate(THREADS);
    List<Future<?>> tasks = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      tasks.add(
          executor.submit(
              () -> {
                all.open();
                all.await();
              }));
    }

    for (Future<?> task : tasks) {
      Waiting.get(task);
    }
  }

  @Test
  void tenThousandTasksShareFewThreads() throws Exception {
    int tasks = 10_000;
    AsyncTaskExecutor executor = opened(THREADS, tasks);
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    List<Future<Integer>> futures = new ArrayList<>();
    for (int i = 0; i < tasks; i++) {
      int value = i;
      futures.add(
          executor.submit(
              () -> {
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                Thread.onSpinWait();
                running.decrementAndGet();
                return value;
              }));
    }

    for (int i = 0; i < tasks; i++) {
      assertThat(Waiting.get(futures.get(i))).isEqualTo(i);
    }
    assertThat(most.get()).isBetween(1, THREADS);
  }

  /** Hands in so many tasks that wait; returns when the first has begun. */
  private List<Future<?>> fill(AsyncTaskExecutor executor, int tasks) {
    Gate begun = new Gate();
    List<Future<?>> accepted = new ArrayList<>();
    for (int i = 0; i < tasks; i++) {
      accepted.add(
          executor.submit(
              () -> {
                begun.open();
                release.await();
              }));
      begun.await();
    }
    return accepted;
  }

  private static boolean isAccepted(AsyncTaskExecutor executor) {
    try {
      executor.execute(() -> {});
      return true;
    } catch (TaskRejectedException full) {
      return false;
    }
  }
}
