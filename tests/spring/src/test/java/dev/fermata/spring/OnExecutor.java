// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.springframework.beans.factory.config.BeanDefinitionCustomizer;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.core.task.TaskDecorator;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.concurrent.ExecutorConfigurationSupport;

/** Contexts and executors of a kind, for tests; ends those that a test opens. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class OnExecutor {
  static final int THREADS = 4;
  static final int QUEUE = 100;

  @Parameter ExecutorKind kind;
  private final Deque<Runnable> open = new ArrayDeque<>();

  @BeforeEach
  void force() {
    kind.force();
  }

  @AfterEach
  void close() {
    open.forEach(Runnable::run);
    kind.release();
  }

  /** {@code @Async} as its documentation sets it up. */
  @Configuration(proxyBeanMethods = false)
  @EnableAsync
  static class WithAsync {}

  /** What Fermata's users add to it. */
  @Configuration(proxyBeanMethods = false)
  @EnableFermata
  static class WithFermata {}

  /** A context with {@code @Async} and these beans. */
  AnnotationConfigApplicationContext context(Consumer<GenericApplicationContext> beans) {
    return context(WithAsync.class, beans);
  }

  /**
   * A context with these beans.
   *
   * @param async the configuration that enables {@code @Async}
   */
  AnnotationConfigApplicationContext context(
      Class<?> async, Consumer<GenericApplicationContext> beans) {
    AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
    open.push(context::close);
    context.register(async);
    if (kind.isFermata()) {
      context.register(WithFermata.class);
    }
    beans.accept(context);
    context.refresh();
    return context;
  }

  /** Registers an executor whose threads have the name of the bean as prefix. */
  void executor(
      GenericApplicationContext beans, String name, BeanDefinitionCustomizer... customizers) {
    register(beans, name, kind.executor(THREADS, QUEUE, null), customizers);
  }

  /** Registers an executor that is configured already. */
  @SuppressWarnings("unchecked") // the type is that of the executor
  void register(
      GenericApplicationContext beans,
      String name,
      ExecutorConfigurationSupport executor,
      BeanDefinitionCustomizer... customizers) {
    beans.registerBean(
        name,
        (Class<ExecutorConfigurationSupport>) executor.getClass(),
        () -> executor,
        customizers);
  }

  /** An executor outside of a context. */
  AsyncTaskExecutor opened(int threads, int queue) {
    return opened(kind.executor(threads, queue, null));
  }

  AsyncTaskExecutor opened(TaskDecorator decorator) {
    return opened(kind.executor(THREADS, QUEUE, decorator));
  }

  AsyncTaskExecutor opened(ExecutorConfigurationSupport executor) {
    executor.initialize();
    open.push(executor::shutdown);
    return (AsyncTaskExecutor) executor;
  }
}
