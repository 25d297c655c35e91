// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.spring.FermataTaskExecutor;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.actuate.autoconfigure.metrics.MetricsAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** The meters of executors. */
class FermataMetricsTest {
  private final MeterRegistry registry = new LastingRegistry();
  private final ApplicationContextRunner withoutRegistry =
      new ApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  FermataAutoConfiguration.class,
                  FermataMetricsAutoConfiguration.class,
                  TaskExecutionAutoConfiguration.class,
                  MetricsAutoConfiguration.class))
          .withPropertyValues("spring.fermata.executors.reports.concurrency=2");
  private final ApplicationContextRunner boot =
      withoutRegistry.withBean(MeterRegistry.class, () -> registry);

  private double gauge(String name, String executor) {
    return registry.get("fermata.executor." + name).tag("executor", executor).gauge().value();
  }

  private double counter(String name, String executor) {
    return registry
        .get("fermata.executor." + name)
        .tag("executor", executor)
        .functionCounter()
        .count();
  }

  @Test
  void tellWhatEachExecutorDoesAndHasDone() {
    boot.run(
        context -> {
          FermataTaskExecutor reports = context.getBean("reports", FermataTaskExecutor.class);
          String strategy = reports.strategy().name().toLowerCase();
          CountDownLatch started = new CountDownLatch(2);
          CountDownLatch go = new CountDownLatch(1);
          Runnable task =
              () -> {
                started.countDown();
                await(go);
              };
          Future<?> first = reports.submit(task);
          Future<?> second = reports.submit(task);
          Future<?> third = reports.submit(() -> {});
          started.await();

          assertThat(gauge("concurrency", "reports")).isEqualTo(2);
          assertThat(gauge("active", "reports")).isEqualTo(2);
          assertThat(gauge("queued", "reports")).isEqualTo(1);
          assertThat(gauge("workers", "reports")).isEqualTo(2);
          assertThat(gauge("active", "applicationTaskExecutor")).isZero();
          assertThat(registry.getMeters())
              .allSatisfy(
                  meter -> assertThat(meter.getId().getTag("strategy")).isEqualTo(strategy));

          go.countDown();
          first.get();
          second.get();
          third.get();
          reports.submitAction(() -> reports.submit(() -> "slow").get()).get();
        });
  }

  @Test
  void countCallsAndActions() {
    boot.run(
        context -> {
          FermataTaskExecutor reports = context.getBean("reports", FermataTaskExecutor.class);
          reports.submitAction(() -> reports.submit(() -> "slow").get()).get();

          assertThat(counter("started", "reports")).isEqualTo(1);
          assertThat(counter("completed", "reports")).isPositive();
          assertThat(counter("started", "applicationTaskExecutor")).isZero();
        });
  }

  @Test
  void areRemovedFromARegistryThatOutlivesTheApplication() {
    for (int i = 0; i < 2; i++) {
      boot.run(context -> assertThat(registry.getMeters()).isNotEmpty());

      assertThat(registry.getMeters()).extracting(Meter::getId).isEmpty();
    }
  }

  @Test
  @Timeout(60)
  void holdNoExecutor() {
    WeakReference<FermataTaskExecutor> executor = bound();

    while (executor.get() != null) {
      System.gc();
      Thread.onSpinWait();
    }
    assertThat(registry.getMeters()).isNotEmpty();
  }

  private WeakReference<FermataTaskExecutor> bound() {
    FermataTaskExecutor executor = new FermataTaskExecutor();
    executor.initialize();
    new FermataMetrics(Map.of("short-lived", executor)).bindTo(registry);
    executor.shutdown();
    return new WeakReference<>(executor);
  }

  @Test
  void areNotThereWithoutARegistry() {
    withoutRegistry.run(
        context -> assertThat(context).hasNotFailed().doesNotHaveBean(FermataMetrics.class));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }
}
