// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.support.AbstractApplicationContext;
import org.springframework.context.support.DefaultLifecycleProcessor;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.TaskRejectedException;
import org.springframework.scheduling.concurrent.ExecutorConfigurationSupport;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

/** How an executor starts, pauses and ends, by itself and with its context. */
class AsyncBehaviourLifecycleTest extends AsyncBehaviour {
  private final Gate running = new Gate();
  private final Gate release = new Gate();
  private final Gate never = new Gate();
  private final AtomicBoolean ended = new AtomicBoolean();
  private final AtomicBoolean queuedRan = new AtomicBoolean();
  private Future<?> first;
  private Future<?> second;

  @Test
  void byDefaultShutdownInterruptsWhatRunsAndDropsWhatWaits() {
    ExecutorConfigurationSupport executor = kind.executor(1, QUEUE, null);
    executor.setAwaitTerminationSeconds((int) Waiting.LIMIT.toSeconds());
    opened(executor);
    AtomicBoolean interrupted = new AtomicBoolean();
    occupy(executor, () -> interrupted.set(never.awaitInterrupt()));

    executor.shutdown();

    assertThat(interrupted).as("what ran was interrupted before shutdown returned").isTrue();
    assertThat(first.isDone()).isTrue();
    assertThat(second.isDone()).isTrue();
    assertThat(queuedRan).as("what waited ran").isFalse();
    if (!kind.hasActions()) {
      assertThat(second.isCancelled()).isTrue();
    }
  }

  @Test
  void byDefaultClosingDoesSoToWhatDoesNotEndInTime() {
    ExecutorConfigurationSupport executor = kind.executor(1, QUEUE, null);
    ConfigurableApplicationContext context =
        context(
            beans -> {
              register(beans, "taskExecutor", executor);
              beans.registerBean(
                  AbstractApplicationContext.LIFECYCLE_PROCESSOR_BEAN_NAME,
                  DefaultLifecycleProcessor.class,
                  AsyncBehaviourLifecycleTest::impatient);
            });
    Gate interrupted = new Gate();
    occupy(
        executor,
        () -> {
          if (never.awaitInterrupt()) {
            interrupted.open();
          }
        });

    context.close();

    interrupted.await();
    Waiting.until("no task is left", () -> first.isDone() && second.isDone());
    assertThat(queuedRan).isFalse();
  }

  @Test
  void onDemandClosingWaitsForWhatRunsAndForWhatWaits() throws Exception {
    ExecutorConfigurationSupport executor = kind.executor(1, QUEUE, null);
    executor.setWaitForTasksToCompleteOnShutdown(true);
    executor.setAwaitTerminationSeconds((int) Waiting.LIMIT.toSeconds());
    ConfigurableApplicationContext context = contextWith(executor);
    occupy(executor, release::await);
    Thread closer = new Thread(context::close);
    closer.start();
    Waiting.until("closing waits for tasks", () -> closer.getState() == Thread.State.TIMED_WAITING);
    assertThat(first.isDone()).isFalse();
    release.open();
    closer.join(Waiting.LIMIT.toMillis());

    assertThat(closer.isAlive()).isFalse();
    assertThat(ended).isTrue();
    assertThat(first.isDone()).isTrue();
    assertThat(second.get(0, TimeUnit.SECONDS)).isNull();
    assertThat(queuedRan).isTrue();
  }

  @Test
  void withoutATimeToAwaitTasksGoOnAfterClosing() throws Exception {
    ExecutorConfigurationSupport executor = kind.executor(1, QUEUE, null);
    executor.setWaitForTasksToCompleteOnShutdown(true);
    ConfigurableApplicationContext context = contextWith(executor);
    occupy(executor, release::await);

    context.close();

    assertThat(first.isDone()).isFalse();
    assertThatThrownBy(() -> ((AsyncTaskExecutor) executor).submit(() -> {}))
        .isInstanceOf(TaskRejectedException.class);
    release.open();
    Waiting.get(first);
    Waiting.get(second);
    assertThat(queuedRan).isTrue();
  }

  @Test
  void aSoftShutdownRefusesNewTasksAndLetsTheOthersEnd() throws Exception {
    ExecutorConfigurationSupport executor = kind.executor(1, QUEUE, null);
    AsyncTaskExecutor tasks = opened(executor);
    occupy(executor, release::await);

    executor.initiateShutdown();

    assertThatThrownBy(() -> tasks.submit(() -> {})).isInstanceOf(TaskRejectedException.class);
    release.open();
    Waiting.get(first);
    Waiting.get(second);
    assertThat(queuedRan).isTrue();
  }

  /** A context lets the tasks that run end, before it destroys beans that they may use. */
  @Test
  void closingLetsWhatRunsEndBeforeBeansAreDestroyed() throws Exception {
    ExecutorConfigurationSupport executor = kind.executor(1, QUEUE, null);
    Queue<String> order = new ConcurrentLinkedQueue<>();
    ConfigurableApplicationContext context =
        context(
            beans -> {
              register(beans, "taskExecutor", executor);
              beans.registerBean(
                  "resource", AutoCloseable.class, () -> () -> order.add("destroyed"));
            });
    first =
        ((AsyncTaskExecutor) executor)
            .submit(
                () -> {
                  running.open();
                  release.await();
                  order.add("task");
                });
    running.await();
    Thread closer = new Thread(context::close);
    closer.start();
    Waiting.until(
        "the stop waits for the task", () -> closer.getState() == Thread.State.TIMED_WAITING);
    release.open();
    closer.join(Waiting.LIMIT.toMillis());

    assertThat(order).containsExactly("task", "destroyed");
  }

  @Test
  void theEventOfAClosingContextStopsItEarlyIfToldSo() {
    ExecutorConfigurationSupport executor = kind.executor(THREADS, QUEUE, null);
    if (executor instanceof ThreadPoolTaskExecutor pool) {
      pool.setStrictEarlyShutdown(true);
    } else {
      ((FermataTaskExecutor) executor).setStrictEarlyShutdown(true);
    }
    StoppedBefore bean = new StoppedBefore((AsyncTaskExecutor) executor);

    context(
            beans -> {
              register(beans, "taskExecutor", executor);
              beans.registerBean(StoppedBefore.class, () -> bean);
            })
        .close();

    assertThat(bean.refused).isInstanceOf(TaskRejectedException.class);
  }

  @Test
  void otherwiseBeansThatAreStoppedBeforeMayStillHandInTasks() {
    ExecutorConfigurationSupport executor = kind.executor(THREADS, QUEUE, null);
    StoppedBefore bean = new StoppedBefore((AsyncTaskExecutor) executor);

    context(
            beans -> {
              register(beans, "taskExecutor", executor);
              beans.registerBean(StoppedBefore.class, () -> bean);
            })
        .close();

    assertThat(bean.refused).isNull();
    assertThat(bean.last).isEqualTo("last");
  }

  @Test
  void onDemandItTakesTasksUntilItIsDestroyed() {
    ExecutorConfigurationSupport executor = kind.executor(THREADS, QUEUE, null);
    executor.setAcceptTasksAfterContextClose(true);
    AsyncTaskExecutor tasks = (AsyncTaskExecutor) executor;
    Queue<Object> seen = new ConcurrentLinkedQueue<>();

    context(
            beans -> {
              register(beans, "taskExecutor", executor);
              beans.registerBean(
                  "user",
                  AutoCloseable.class,
                  () -> () -> seen.add(Waiting.get(tasks.submit(() -> "at destruction"))),
                  definition -> definition.setDependsOn("taskExecutor"));
            })
        .close();

    assertThat(seen).containsExactly("at destruction");
    assertThatThrownBy(() -> tasks.submit(() -> {})).isInstanceOf(TaskRejectedException.class);
  }

  @Test
  void stopHoldsTasksBackAndStartLetsThemGo() throws Exception {
    ExecutorConfigurationSupport executor = kind.executor(THREADS, QUEUE, null);
    AsyncTaskExecutor tasks = opened(executor);
    assertThat(executor.isRunning()).isTrue();
    executor.stop();
    assertThat(executor.isRunning()).isFalse();
    AtomicBoolean started = new AtomicBoolean();
    Future<Boolean> held = tasks.submit(started::get);
    // Time enough for a task that nothing holds back.
    AsyncTaskExecutor other = opened(THREADS, QUEUE);
    for (int i = 0; i < QUEUE; i++) {
      Waiting.get(other.submit(() -> {}));
    }
    assertThat(held.isDone()).isFalse();
    started.set(true);

    executor.start();

    assertThat(Waiting.get(held)).as("the task ran after start").isTrue();
    assertThat(executor.isRunning()).isTrue();
  }

  @Test
  void stopTellsWhenTheLastTaskThatRanHasEnded() {
    ExecutorConfigurationSupport executor = kind.executor(1, QUEUE, null);
    opened(executor);
    occupy(executor, release::await);
    Gate stopped = new Gate();
    AtomicBoolean endedBefore = new AtomicBoolean();

    executor.stop(
        () -> {
          endedBefore.set(ended.get());
          stopped.open();
        });

    assertThat(stopped.isOpen()).isFalse();
    release.open();
    stopped.await();
    assertThat(endedBefore).isTrue();
  }

  @Test
  void stopOfAnIdleOneTellsAtOnce() {
    ExecutorConfigurationSupport executor = kind.executor(1, QUEUE, null);
    opened(executor);
    AtomicBoolean stopped = new AtomicBoolean();

    executor.stop(() -> stopped.set(true));

    assertThat(stopped).isTrue();
  }

  @Test
  void itEndsAfterThePhaseOfOtherBeansAndMayBeGivenAnother() {
    ExecutorConfigurationSupport executor = kind.executor(THREADS, QUEUE, null);
    assertThat(executor.getPhase()).isEqualTo(ExecutorConfigurationSupport.DEFAULT_PHASE);

    executor.setPhase(5);

    assertThat(executor.getPhase()).isEqualTo(5);
    assertThat(executor.isAutoStartup()).isTrue();
  }

  @Test
  void afterShutdownItMayBeInitializedAgain() throws Exception {
    ExecutorConfigurationSupport executor = kind.executor(THREADS, QUEUE, null);
    AsyncTaskExecutor tasks = opened(executor);
    executor.shutdown();
    executor.initialize();

    assertThat(Waiting.get(tasks.submit(() -> "again"))).isEqualTo("again");
  }

  /** A bean of the default phase, which comes before that of executors when a context stops. */
  private static final class StoppedBefore implements SmartLifecycle {
    private final AsyncTaskExecutor executor;
    private volatile boolean running;
    private TaskRejectedException refused;
    private String last;

    StoppedBefore(AsyncTaskExecutor executor) {
      this.executor = executor;
    }

    @Override
    public void start() {
      running = true;
    }

    @Override
    public void stop() {
      running = false;
      try {
        last = Waiting.get(executor.submit(() -> "last"));
      } catch (TaskRejectedException stopped) {
        refused = stopped;
      } catch (Exception failed) {
        throw new AssertionError(failed);
      }
    }

    @Override
    public boolean isRunning() {
      return running;
    }
  }

  private static DefaultLifecycleProcessor impatient() {
    DefaultLifecycleProcessor processor = new DefaultLifecycleProcessor();
    processor.setTimeoutPerShutdownPhase(1);
    return processor;
  }

  private ConfigurableApplicationContext contextWith(ExecutorConfigurationSupport executor) {
    return context(beans -> register(beans, "taskExecutor", executor));
  }

  /** One task runs and another, where tasks wait for a thread, waits. */
  private void occupy(ExecutorConfigurationSupport executor, Runnable body) {
    AsyncTaskExecutor tasks = (AsyncTaskExecutor) executor;
    first =
        tasks.submit(
            () -> {
              running.open();
              body.run();
              ended.set(true);
            });
    running.await();
    second =
        tasks.submit(
            () -> {
              if (!release.awaitInterrupt()) {
                queuedRan.set(true);
              }
            });
  }
}
