// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.AsyncAnnotationBeanPostProcessor;
import org.springframework.scheduling.annotation.AsyncConfigurer;
import org.springframework.scheduling.concurrent.ExecutorConfigurationSupport;

/** Plain values in actions come from the executor that Spring resolves, once for all beans. */
class ConfiguredExecutorTest extends OnFermata {
  private Executor configured;

  static class First {
    @Async
    public String thread() {
      return Thread.currentThread().getName();
    }

    @Async
    public void nothing(CompletableFuture<String> thread) {
      thread.complete(Thread.currentThread().getName());
    }
  }

  static class Second {
    @Async
    public String thread() {
      return Thread.currentThread().getName();
    }
  }

  static class Actions {
    private final First first;
    private final Second second;

    Actions(First first, Second second) {
      this.first = first;
      this.second = second;
    }

    @Action
    public String first() {
      return first.thread();
    }

    @Action
    public String second() {
      return second.thread();
    }
  }

  /** {@code @Async} without {@code @EnableAsync}, as XML configures it. */
  @Configuration(proxyBeanMethods = false)
  static class WithoutAsync {}

  @BeforeEach
  void open() {
    ExecutorConfigurationSupport executor = kind.executor(THREADS, QUEUE, null);
    executor.setThreadNamePrefix("configured-");
    configured = opened(executor);
  }

  @Test
  void aConfigurerIsAskedOnce() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    AsyncConfigurer configurer =
        new AsyncConfigurer() {
          @Override
          public Executor getAsyncExecutor() {
            asked.incrementAndGet();
            return configured;
          }
        };
    ApplicationContext context =
        context(
            beans -> {
              beans.registerBean(AsyncConfigurer.class, () -> configurer);
              registerCalls(beans);
            });
    CompletableFuture<String> outside = new CompletableFuture<>();

    assertThat(context.getBean(Actions.class).first()).startsWith("configured-");
    assertThat(context.getBean(Actions.class).second()).startsWith("configured-");
    context.getBean(First.class).nothing(outside);
    assertThat(Waiting.get(outside)).startsWith("configured-");
    assertThat(asked).hasValue(1);
  }

  @Test
  void anExecutorOfThePostProcessorCounts() {
    AsyncAnnotationBeanPostProcessor async = new AsyncAnnotationBeanPostProcessor();
    async.setExecutor(configured);
    ApplicationContext context =
        context(
            WithoutAsync.class,
            beans -> {
              beans.registerBean(AsyncAnnotationBeanPostProcessor.class, () -> async);
              registerCalls(beans);
            });

    assertThat(context.getBean(Actions.class).first()).startsWith("configured-");
  }

  private void registerCalls(GenericApplicationContext beans) {
    executor(beans, "taskExecutor");
    beans.registerBean(First.class);
    beans.registerBean(Second.class);
    beans.registerBean(Actions.class);
  }
}
