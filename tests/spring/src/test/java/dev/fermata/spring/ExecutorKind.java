// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import org.springframework.core.task.TaskDecorator;
import org.springframework.scheduling.concurrent.ExecutorConfigurationSupport;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

/** Whose executor a test runs on, and how: the outcome is to be the same. */
enum ExecutorKind {
  SPRING,
  CALLS,
  ACTIONS,
  CALLS_WITHOUT_LIBRARY,
  ACTIONS_WITHOUT_LIBRARY;

  private static final String STRATEGY = "fermata.strategy";

  boolean isFermata() {
    return this != SPRING;
  }

  /** Tasks are actions, so that all of them begin at once. */
  boolean hasActions() {
    return this == ACTIONS || this == ACTIONS_WITHOUT_LIBRARY;
  }

  /** Makes executors that start from now on behave as they do without the native library. */
  void force() {
    if (this == CALLS_WITHOUT_LIBRARY || this == ACTIONS_WITHOUT_LIBRARY) {
      System.setProperty(STRATEGY, "inline");
    }
  }

  void release() {
    System.clearProperty(STRATEGY);
  }

  Class<? extends ExecutorConfigurationSupport> type() {
    return isFermata() ? FermataTaskExecutor.class : ThreadPoolTaskExecutor.class;
  }

  /**
   * Makes an executor that is not initialized.
   *
   * @param threads most tasks that run at once
   * @param queue most tasks that wait for one of these threads
   * @param decorator may be null
   */
  ExecutorConfigurationSupport executor(int threads, int queue, TaskDecorator decorator) {
    return isFermata() ? fermata(threads, queue, decorator) : spring(threads, queue, decorator);
  }

  /** How many tasks hold a thread, or are actions that have begun. */
  static int active(ExecutorConfigurationSupport executor) {
    return executor instanceof ThreadPoolTaskExecutor pool
        ? pool.getActiveCount()
        : ((FermataTaskExecutor) executor).getActiveCount();
  }

  private static ThreadPoolTaskExecutor spring(int threads, int queue, TaskDecorator decorator) {
    ThreadPoolTaskExecutor executor = new ThreadPoolTaskExecutor();
    executor.setCorePoolSize(threads);
    executor.setMaxPoolSize(threads);
    executor.setQueueCapacity(queue);
    if (decorator != null) {
      executor.setTaskDecorator(decorator);
    }
    return executor;
  }

  private FermataTaskExecutor fermata(int threads, int queue, TaskDecorator decorator) {
    FermataTaskExecutor executor = new FermataTaskExecutor();
    executor.setTasks(hasActions() ? TaskMode.ACTION : TaskMode.CALL);
    executor.setConcurrency(threads);
    executor.setQueueCapacity(queue);
    executor.setMaxActions(threads + queue);
    executor.setLoops(2);
    executor.setTaskDecorator(decorator);
    return executor;
  }
}
