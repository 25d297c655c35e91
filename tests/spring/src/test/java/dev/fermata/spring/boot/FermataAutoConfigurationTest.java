// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.spring.Action;
import dev.fermata.spring.FermataTaskExecutor;
import dev.fermata.spring.TaskMode;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.aop.support.AopUtils;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.task.SyncTaskExecutor;
import org.springframework.core.task.TaskDecorator;
import org.springframework.core.task.TaskExecutor;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

/** Which executors there are, under which names, and what the properties say of them. */
class FermataAutoConfigurationTest {
  private final ApplicationContextRunner boot =
      new ApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  FermataAutoConfiguration.class, TaskExecutionAutoConfiguration.class));

  @EnableAsync
  @Configuration(proxyBeanMethods = false)
  static class Application {
    @Bean
    Service service() {
      return new Service();
    }
  }

  static class Service {
    @Async
    CompletableFuture<String> byDefault() {
      return CompletableFuture.completedFuture(Thread.currentThread().getName());
    }

    @Async("reports")
    CompletableFuture<String> named() {
      return CompletableFuture.completedFuture(Thread.currentThread().getName());
    }
  }

  @Test
  void theDefaultExecutorTakesThePlaceOfBoots() {
    boot.withUserConfiguration(Application.class)
        .run(
            context -> {
              assertThat(context)
                  .getBeans(Executor.class)
                  .containsOnlyKeys("applicationTaskExecutor");
              assertThat(context.getBean("taskExecutor"))
                  .isInstanceOf(FermataTaskExecutor.class)
                  .isSameAs(context.getBean("applicationTaskExecutor"));
              assertThat(context.getBean(Service.class).byDefault().join())
                  .startsWith("applicationTaskExecutor");
            });
  }

  interface Planning {
    String plan();
  }

  static class Planner implements Planning {
    @Action
    @Override
    public String plan() {
      return "planned";
    }
  }

  @Test
  void actionsOfABeanWithAnInterfaceAreThoseOfItsClassToo() {
    boot.withBean(Planner.class)
        .run(context -> assertThat(context.getBean(Planner.class).plan()).isEqualTo("planned"));
  }

  @Test
  void proxiesOfInterfacesCanBeAskedFor() {
    boot.withBean(Planner.class)
        .withPropertyValues("spring.aop.proxy-target-class=false")
        .run(
            context -> {
              assertThat(AopUtils.isJdkDynamicProxy(context.getBean(Planning.class))).isTrue();
              assertThat(context.getBean(Planning.class).plan()).isEqualTo("planned");
            });
  }

  @Configuration(proxyBeanMethods = false)
  static class OwnExecutor {
    @Bean
    TaskExecutor own() {
      return new SyncTaskExecutor();
    }
  }

  @Test
  void anExecutorOfTheUsersIsTheOnlyDefaultAlsoBesideNamedOnes() {
    boot.withUserConfiguration(Application.class, OwnExecutor.class)
        .withPropertyValues("spring.fermata.executors.reports.concurrency=2")
        .run(
            context -> {
              assertThat(context).getBeans(Executor.class).containsOnlyKeys("own", "reports");
              assertThat(context.getBean(TaskExecutor.class)).isInstanceOf(SyncTaskExecutor.class);
              assertThat(context.getBean(Service.class).byDefault().join())
                  .isEqualTo(Thread.currentThread().getName());
              assertThat(context.getBean(Service.class).named().join()).startsWith("reports");
            });
  }

  @Test
  void bootsOwnExecutorCanBeForced() {
    boot.withPropertyValues(
            "spring.task.execution.mode=force", "spring.fermata.executors.reports.concurrency=2")
        .run(
            context -> {
              assertThat(context.getBean("applicationTaskExecutor"))
                  .isInstanceOf(ThreadPoolTaskExecutor.class);
              assertThat(context.getBean("reports")).isInstanceOf(FermataTaskExecutor.class);
            });
  }

  @Test
  void itCanBeDisabled() {
    boot.withPropertyValues(
            "spring.fermata.enabled=false", "spring.fermata.executors.reports.concurrency=2")
        .run(
            context ->
                assertThat(context)
                    .hasSingleBean(ThreadPoolTaskExecutor.class)
                    .doesNotHaveBean(FermataTaskExecutor.class));
  }

  @Test
  void theDefaultsOfThePropertiesAreThoseOfTheExecutor() {
    FermataTaskExecutor plain = new FermataTaskExecutor();

    boot.run(
        context ->
            assertThat(context.getBean(FermataTaskExecutor.class))
                .returns(plain.getTasks(), FermataTaskExecutor::getTasks)
                .returns(plain.getConcurrency(), FermataTaskExecutor::getConcurrency)
                .returns(plain.getQueueCapacity(), FermataTaskExecutor::getQueueCapacity)
                .returns(plain.getMaxActions(), FermataTaskExecutor::getMaxActions)
                .returns(plain.getLoops(), FermataTaskExecutor::getLoops));
  }

  @ParameterizedTest
  @CsvSource({
    "spring.fermata, applicationTaskExecutor",
    "spring.fermata.executors.reports, reports"
  })
  void propertiesReachTheirExecutor(String prefix, String bean) {
    boot.withPropertyValues(
            prefix + ".tasks=action",
            prefix + ".concurrency=3",
            prefix + ".queue-capacity=4",
            prefix + ".keep-alive=5s",
            prefix + ".max-actions=6",
            prefix + ".loops=7",
            prefix + ".thread-name-prefix=eight-")
        .run(
            context -> {
              FermataTaskExecutor executor = context.getBean(bean, FermataTaskExecutor.class);
              assertThat(executor)
                  .returns(TaskMode.ACTION, FermataTaskExecutor::getTasks)
                  .returns(3, FermataTaskExecutor::getConcurrency)
                  .returns(4, FermataTaskExecutor::getQueueCapacity)
                  .returns(6, FermataTaskExecutor::getMaxActions)
                  .returns(7, FermataTaskExecutor::getLoops)
                  .returns("eight-", FermataTaskExecutor::getThreadNamePrefix);
            });
  }

  @ParameterizedTest
  @CsvSource({
    "spring.fermata.concurrency, 0, at least 1",
    "spring.fermata.queue-capacity, 0, at least 1",
    "spring.fermata.keep-alive, -1s, negative",
    "spring.fermata.max-actions, 0, at least 1",
    "spring.fermata.loops, 0, at least 1",
    "spring.fermata.shutdown.await-termination-period, -1s, negative",
    "spring.fermata.tasks, quick, quick",
    "spring.fermata.executors.reports.concurrency, -3, at least 1",
    "spring.fermata.executors.reports.keep-alive, soon, soon"
  })
  void aBadValueIsToldWithItsProperty(String property, String value, String reason) {
    boot.withPropertyValues(property + "=" + value)
        .run(
            context ->
                assertThat(context)
                    .getFailure()
                    .hasStackTraceContaining(property)
                    .hasStackTraceContaining(reason));
  }

  @ParameterizedTest
  @CsvSource({"own", "applicationTaskExecutor", "taskExecutor"})
  void aNameThatIsTakenIsToldWithItsProperty(String name) {
    ApplicationContextRunner runner =
        name.equals("own") ? boot.withUserConfiguration(OwnExecutor.class) : boot;

    runner
        .withPropertyValues("spring.fermata.executors." + name + ".concurrency=2")
        .run(
            context ->
                assertThat(context)
                    .getFailure()
                    .hasStackTraceContaining("spring.fermata.executors." + name)
                    .hasStackTraceContaining("Give the executor another name"));
  }

  /** Decorates tasks by noting so. */
  static class Noting implements TaskDecorator {
    final AtomicInteger tasks = new AtomicInteger();

    @Override
    public Runnable decorate(Runnable task) {
      return () -> {
        tasks.incrementAndGet();
        task.run();
      };
    }
  }

  /** Compared with Boot's own executor, which applies no decorator of several. */
  @ParameterizedTest
  @CsvSource({"true, 1, 1", "false, 1, 1", "true, 2, 0", "false, 2, 0"})
  void theOnlyDecoratorSurroundsTasks(boolean fermata, int decorators, int decorated) {
    Noting noting = new Noting();
    ApplicationContextRunner runner = boot.withUserConfiguration(Application.class);
    for (int i = 0; i < decorators; i++) {
      runner = runner.withBean("decorator" + i, TaskDecorator.class, () -> noting);
    }
    runner
        .withPropertyValues("spring.fermata.enabled=" + fermata)
        .run(
            context -> {
              context.getBean(Service.class).byDefault().join();
              assertThat(noting.tasks).hasValue(decorated);
            });
  }

  /** Holds the task until the application begins to end. */
  @Configuration(proxyBeanMethods = false)
  static class Gate {
    final CountDownLatch started = new CountDownLatch(1);
    final CountDownLatch closing = new CountDownLatch(1);
    final AtomicReference<String> outcome = new AtomicReference<>("none");

    void task() {
      try {
        started.countDown();
        closing.await();
        outcome.set("done");
      } catch (InterruptedException ended) {
        outcome.set("interrupted");
      }
    }

    @EventListener
    void on(ContextClosedEvent event) {
      closing.countDown();
    }
  }

  @Test
  void theEndOfTheApplicationWaitsForTasksIfItIsToldTo() throws Exception {
    AtomicReference<Gate> gate = new AtomicReference<>();
    boot.withUserConfiguration(Gate.class)
        .withPropertyValues(
            "spring.fermata.shutdown.await-termination=true",
            "spring.fermata.shutdown.await-termination-period=" + Duration.ofMinutes(1))
        .run(
            context -> {
              gate.set(context.getBean(Gate.class));
              context.getBean(TaskExecutor.class).execute(gate.get()::task);
              gate.get().started.await();
            });

    assertThat(gate.get().outcome).hasValue("done");
  }
}
