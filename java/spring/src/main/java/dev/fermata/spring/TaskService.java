// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of the tasks and actions of one {@link FermataTaskExecutor}, as an executor service.
 * Owns them and the runners; when it is shut down and nothing is left, threads of its own close the
 * runners, since no task may end the thread that it runs on. Thread-safe.
 */
final class TaskService extends AbstractExecutorService {
  private static final Logger LOG = LoggerFactory.getLogger(TaskService.class);

  private final String name;
  private final TaskRunner calls;
  private final TaskRunner actions;
  private final TaskRunner tasks;
  private final int maxActions;
  private final UnaryOperator<Runnable> decorator;
  private final Set<Task<?>> unfinished = ConcurrentHashMap.newKeySet();
  private final AtomicInteger active = new AtomicInteger();
  private final AtomicInteger unfinishedActions = new AtomicInteger();
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean shutdown;

  /**
   * @param mode which of the runners takes tasks
   * @param decorator applied to each task and action, with all that surrounds its run
   */
  TaskService(
      String name,
      TaskRunner calls,
      TaskRunner actions,
      TaskMode mode,
      int maxActions,
      UnaryOperator<Runnable> decorator) {
    this.name = name;
    this.calls = calls;
    this.actions = actions;
    this.tasks = mode == TaskMode.ACTION ? actions : calls;
    this.maxActions = maxActions;
    this.decorator = decorator;
  }

  /** Runs a task; what it throws is told to the thread's handler of uncaught exceptions. */
  @Override
  public void execute(Runnable command) {
    start(tasks, new Task<>(() -> reporting(command), command));
  }

  private static Object reporting(Runnable command) {
    try {
      command.run();
      return null;
    } catch (Throwable thrown) {
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, thrown);
      throw thrown;
    }
  }

  /** Runs a task; its future suspends actions that wait for it. */
  <T> CompletableFuture<T> task(Callable<T> body) {
    return start(tasks, new Task<>(body, null));
  }

  /** Runs an action. */
  <T> CompletableFuture<T> action(Callable<T> body) {
    return start(actions, new Task<>(body, null));
  }

  private <T> Task<T> start(TaskRunner runner, Task<T> task) {
    boolean isAction = runner == actions;
    if (isAction && unfinishedActions.incrementAndGet() > maxActions) {
      unfinishedActions.decrementAndGet();
      throw new RejectedExecutionException(
          "There are " + maxActions + " unfinished actions already, the most that are allowed");
    }
    unfinished.add(task);
    boolean accepted = false;
    try {
      if (shutdown) {
        throw new RejectedExecutionException(name + " is shut down");
      }
      Runnable decorated = decorator.apply(task);
      CompletableFuture<Void> run = runner.run(() -> run(task, decorated, isAction));
      accepted = true;
      run.whenComplete((nothing, failure) -> letGo(task, isAction));
      task.runsAs(run);
    } finally {
      if (!accepted) {
        letGo(task, isAction);
      }
    }
    return task;
  }

  private void run(Task<?> task, Runnable decorated, boolean isAction) {
    if (!task.begin()) {
      return;
    }
    active.incrementAndGet();
    try {
      decorated.run();
    } catch (Throwable thrown) {
      if (!task.completeExceptionally(thrown)) {
        LOG.error("What decorates a task of {} threw after the task", name, thrown);
      }
    }
    if (!task.isDone()) {
      task.completeExceptionally(
          new IllegalStateException("What decorates the tasks of " + name + " did not run this"));
    }
    active.decrementAndGet();
    task.end();
    release(task, isAction);
  }

  /** Its runner has let go of it; cut off after it began, it still ends by itself. */
  private void letGo(Task<?> task, boolean isAction) {
    task.drop();
    if (task.isOver()) {
      release(task, isAction);
    }
  }

  private void release(Task<?> task, boolean isAction) {
    if (unfinished.remove(task) && isAction) {
      unfinishedActions.decrementAndGet();
    }
    endIfOver();
  }

  private void endIfOver() {
    if (shutdown && unfinished.isEmpty()) {
      ended.countDown();
      close();
    }
  }

  @Override
  public void shutdown() {
    shutdown = true;
    endIfOver();
  }

  @Override
  public List<Runnable> shutdownNow() {
    shutdown = true;
    List<Runnable> dropped = new ArrayList<>();
    for (Task<?> task : unfinished) {
      if (task.drop()) {
        dropped.add(task.origin());
      }
    }
    // Not before: a thread that is interrupted would take the next that waits.
    unfinished.forEach(Task::stop);
    close();
    endIfOver();
    return dropped;
  }

  /** All at once: the threads of one runner may need as long as they are given. */
  private void close() {
    if (closing.compareAndSet(false, true)) {
      CompletableFuture.allOf(
              Stream.of(actions, calls)
                  .flatMap(runner -> runner.close().stream())
                  .map(closing -> CompletableFuture.runAsync(closing, this::onOwnThread))
                  .toArray(CompletableFuture<?>[]::new))
          .whenComplete((nothing, failure) -> closed.countDown());
    }
  }

  private void onOwnThread(Runnable closing) {
    Thread thread = new Thread(closing, name + "-close");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public boolean isShutdown() {
    return shutdown;
  }

  @Override
  public boolean isTerminated() {
    return ended.getCount() == 0 && closed.getCount() == 0;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    long end = System.nanoTime() + unit.toNanos(timeout);
    return ended.await(timeout, unit)
        && closed.await(end - System.nanoTime(), TimeUnit.NANOSECONDS);
  }

  /** How many tasks and actions have begun and not ended. */
  int active() {
    return active.get();
  }

  /** How many have not begun. */
  int queued() {
    return (int) unfinished.stream().filter(Task::isWaiting).count();
  }
}
