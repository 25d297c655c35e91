// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import dev.fermata.ActionLoop;
import dev.fermata.ContinuationActionExecutor;
import dev.fermata.FermataExecutorMXBean;
import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.RejectedExecutionHandler;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.Supplier;
import org.springframework.core.task.AsyncListenableTaskExecutor;
import org.springframework.core.task.TaskDecorator;
import org.springframework.core.task.TaskRejectedException;
import org.springframework.scheduling.SchedulingTaskExecutor;
import org.springframework.scheduling.concurrent.ExecutorConfigurationSupport;
import org.springframework.util.concurrent.ListenableFuture;
import org.springframework.util.concurrent.ListenableFutureTask;

/**
 * A Spring task executor on Fermata's engine: takes the place of a {@code ThreadPoolTaskExecutor}
 * under {@code @Async}, and runs the methods marked {@link Action}.
 *
 * <p>Tasks run on workers, which are started on demand and end when idle, or as actions: see {@link
 * TaskMode}. The MDC, the context class loader and the values that are registered with Micrometer's
 * context-propagation follow each task and action from the thread that hands it in; nothing that a
 * task leaves on its thread reaches the next. Futures of tasks suspend an action that waits for
 * them; cancelling one interrupts its task.
 *
 * <p>Without the native library workers are threads of the JDK, and so are actions, which block
 * them.
 *
 * <p>Configured by setters before {@link #initialize}, which Spring calls. Life cycle, graceful
 * shutdown, phases and the prefix of thread names are those of {@link
 * ExecutorConfigurationSupport}. Threads are daemons: priority, group and factory of threads are
 * not used, nor is a handler of rejected tasks: they are refused. Owns its engines and their
 * threads until {@link #shutdown}. All methods but the setters may be called by any thread.
 */
// Its interface for the futures that Spring has deprecated is what @Async asks an executor for.
@SuppressWarnings("removal")
public class FermataTaskExecutor extends ExecutorConfigurationSupport
    implements AsyncListenableTaskExecutor, SchedulingTaskExecutor {
  private static final long serialVersionUID = 1L;

  private TaskMode tasks = TaskMode.CALL;
  private int concurrency = 256;
  private int queueCapacity = 65_536;
  private Duration keepAlive = Duration.ofSeconds(30);
  private int maxActions = 10_000;
  private int loops = Runtime.getRuntime().availableProcessors();
  private boolean strictEarlyShutdown;
  private transient TaskDecorator taskDecorator;
  private transient volatile Running running;

  /** Creates an executor with the defaults. */
  public FermataTaskExecutor() {}

  /** What {@link #initialize} makes. */
  private record Running(
      TaskService service, ContinuationActionExecutor engine, List<TaskRunner> runners) {}

  /**
   * Sets how tasks run.
   *
   * @param mode default {@link TaskMode#CALL}
   */
  public void setTasks(TaskMode mode) {
    tasks = Objects.requireNonNull(mode, "tasks");
  }

  /**
   * Sets the most workers of tasks. They start on demand. Each loop has as many of its own, for
   * {@link dev.fermata.ActionScope#call(Supplier)}. Without the native library also the most
   * threads of actions.
   *
   * @param workers at least 1, default 256
   */
  public void setConcurrency(int workers) {
    concurrency = atLeastOne(workers, "concurrency");
  }

  /**
   * Sets how many tasks may wait for a worker; one more is refused. Also how many calls of actions
   * may wait for a worker of their loop.
   *
   * @param capacity at least 1, default 65,536
   */
  public void setQueueCapacity(int capacity) {
    queueCapacity = atLeastOne(capacity, "queueCapacity");
  }

  /**
   * Sets how long an idle worker lives.
   *
   * @param duration not negative, default 30 seconds
   */
  public void setKeepAlive(Duration duration) {
    if (Objects.requireNonNull(duration, "keepAlive").isNegative()) {
      throw new IllegalArgumentException("keepAlive must not be negative, but is " + duration);
    }
    keepAlive = duration;
  }

  /**
   * Sets the most unfinished actions, tasks in mode {@link TaskMode#ACTION} included; one more is
   * refused. A cancelled one is unfinished until its code ends.
   *
   * @param actions at least 1, default 10,000
   */
  public void setMaxActions(int actions) {
    maxActions = atLeastOne(actions, "maxActions");
  }

  /**
   * Sets how many threads run actions, each its own. They start with the first action.
   *
   * @param threads at least 1, default the number of processors
   */
  public void setLoops(int threads) {
    loops = atLeastOne(threads, "loops");
  }

  /**
   * Sets what surrounds the run of each task and action.
   *
   * @param decorator or {@code null}, the default
   */
  public void setTaskDecorator(TaskDecorator decorator) {
    taskDecorator = decorator;
  }

  /**
   * Sets whether tasks are refused as soon as a context begins to close. Otherwise beans that are
   * stopped before this executor may still hand in tasks, as with a {@code ThreadPoolTaskExecutor}.
   *
   * @param strict default false
   */
  public void setStrictEarlyShutdown(boolean strict) {
    strictEarlyShutdown = strict;
  }

  private static int atLeastOne(int value, String name) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, but is " + value);
    }
    return value;
  }

  @Override
  protected ExecutorService initializeExecutor(
      ThreadFactory unused, RejectedExecutionHandler handler) {
    if (!(handler instanceof ThreadPoolExecutor.AbortPolicy)) {
      throw new IllegalArgumentException(
          "A FermataTaskExecutor refuses what it has no room for: remove rejectedExecutionHandler ("
              + handler.getClass().getName()
              + "), and raise queueCapacity or catch TaskRejectedException");
    }
    if (running != null) {
      running.service().shutdown();
    }
    String prefix = getThreadNamePrefix().replaceFirst("[- ]+$", "");
    String name = prefix.isBlank() ? "fermata" : prefix;
    ContinuationActionExecutor engine = engine(name);
    TaskRunner calls = new Workers(engine);
    TaskRunner actions =
        engine.strategy() == Strategy.INLINE
            ? new PooledActions(new Workers(engine(name + "-actions")), engine(name + "-inline"))
            : new Loops(name, loops, number -> loop(name + "-loop-" + number));
    TaskService service = new TaskService(name, calls, actions, tasks, maxActions, this::decorated);
    running = new Running(service, engine, List.of(calls, actions));
    return service;
  }

  @Override
  protected void initiateEarlyShutdown() {
    if (strictEarlyShutdown) {
      super.initiateEarlyShutdown();
    }
  }

  private ContinuationActionExecutor engine(String name) {
    return ContinuationActionExecutor.builder()
        .ownerKind(OwnerKind.THREADED_LOOP)
        .threadName(name)
        .asyncThreads(concurrency)
        .queueCapacity(queueCapacity)
        .keepAlive(keepAlive)
        .build();
  }

  private ActionLoop loop(String name) {
    return ActionLoop.builder()
        .ownerKind(OwnerKind.THREADED_LOOP)
        .name(name)
        .asyncThreads(concurrency)
        .queueCapacity(queueCapacity)
        .keepAlive(keepAlive)
        // The service refuses what is too much; a loop would let the submitter wait.
        .maxActions(Integer.MAX_VALUE)
        .build();
  }

  private Runnable decorated(Runnable task) {
    Runnable inner = taskDecorator == null ? task : taskDecorator.decorate(task);
    return () -> {
      Throwable failure = null;
      beforeExecute(Thread.currentThread(), task);
      try {
        inner.run();
      } catch (Throwable thrown) {
        failure = thrown;
        throw thrown;
      } finally {
        afterExecute(task, failure);
      }
    };
  }

  private Running running() {
    if (running == null) {
      throw new IllegalStateException(
          "The executor is not initialized: make it a bean, or call initialize()");
    }
    return running;
  }

  private <T> T accepted(Object task, Supplier<T> submission) {
    try {
      return submission.get();
    } catch (RejectedExecutionException refused) {
      throw new TaskRejectedException(running().service(), task, refused);
    }
  }

  /**
   * Runs a task. What it throws goes to the thread's handler of uncaught exceptions.
   *
   * @param task to be run as {@link #setTasks} says
   * @throws TaskRejectedException if there is no room, or the executor is shut down
   */
  @Override
  public void execute(Runnable task) {
    TaskService service = running().service();
    accepted(
        task,
        () -> {
          service.execute(task);
          return null;
        });
  }

  /**
   * Runs a task.
   *
   * @param task to be run as {@link #setTasks} says
   * @return suspends actions that wait for it; cancelling it interrupts the task
   * @throws TaskRejectedException if there is no room, or the executor is shut down
   */
  @Override
  public CompletableFuture<Void> submitCompletable(Runnable task) {
    return submitCompletable(
        () -> {
          task.run();
          return null;
        });
  }

  /**
   * Runs a task.
   *
   * @param task to be run as {@link #setTasks} says
   * @param <T> type of its result
   * @return suspends actions that wait for it; cancelling it interrupts the task
   * @throws TaskRejectedException if there is no room, or the executor is shut down
   */
  @Override
  public <T> CompletableFuture<T> submitCompletable(Callable<T> task) {
    TaskService service = running().service();
    return accepted(task, () -> service.task(task));
  }

  @Override
  public Future<?> submit(Runnable task) {
    return submitCompletable(task);
  }

  @Override
  public <T> Future<T> submit(Callable<T> task) {
    return submitCompletable(task);
  }

  @Override
  public ListenableFuture<?> submitListenable(Runnable task) {
    ListenableFutureTask<?> future = new ListenableFutureTask<>(task, null);
    execute(future);
    return future;
  }

  @Override
  public <T> ListenableFuture<T> submitListenable(Callable<T> task) {
    ListenableFutureTask<T> future = new ListenableFutureTask<>(task);
    execute(future);
    return future;
  }

  /**
   * Runs an action, whatever the mode of tasks.
   *
   * @param action straight-line blocking code; {@link dev.fermata.ActionScope#current} is what it
   *     can wait for
   * @param <T> type of its result
   * @return suspends actions that wait for it; cancelling it cancels the action
   * @throws TaskRejectedException if there are too many unfinished actions, or the executor is shut
   *     down
   */
  public <T> CompletableFuture<T> submitAction(Callable<T> action) {
    TaskService service = running().service();
    return accepted(action, () -> service.action(action));
  }

  /**
   * Returns how actions are suspended.
   *
   * @return {@link Strategy#INLINE} if they are not: without the native library
   */
  public Strategy strategy() {
    return running().engine().strategy();
  }

  /**
   * Returns what the engines do and have done.
   *
   * @return of the workers, then of each loop that was started; live views
   */
  public List<FermataExecutorMXBean> metrics() {
    return running().runners().stream().flatMap(runner -> runner.metrics().stream()).toList();
  }

  /**
   * Returns how many tasks and actions have begun and not ended.
   *
   * @return 0 before {@link #initialize}
   */
  public int getActiveCount() {
    return running == null ? 0 : running.service().active();
  }

  /**
   * Returns how many tasks and actions have not begun.
   *
   * @return 0 before {@link #initialize}
   */
  public int getQueuedCount() {
    return running == null ? 0 : running.service().queued();
  }

  /**
   * Returns how tasks run.
   *
   * @return the mode
   */
  public TaskMode getTasks() {
    return tasks;
  }

  /**
   * Returns the most workers.
   *
   * @return at least 1
   */
  public int getConcurrency() {
    return concurrency;
  }

  /**
   * Returns how many tasks may wait for a worker.
   *
   * @return at least 1
   */
  public int getQueueCapacity() {
    return queueCapacity;
  }

  /**
   * Returns the most unfinished actions.
   *
   * @return at least 1
   */
  public int getMaxActions() {
    return maxActions;
  }

  /**
   * Returns how many threads run actions.
   *
   * @return at least 1
   */
  public int getLoops() {
    return loops;
  }
}
