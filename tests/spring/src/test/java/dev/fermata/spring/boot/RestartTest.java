// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.spring.FermataTaskExecutor;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.actuate.autoconfigure.metrics.MetricsAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** An application that starts again and again in one process. */
class RestartTest {
  private static final int RESTARTS = 20;

  private final LastingRegistry registry = new LastingRegistry();
  private final ApplicationContextRunner boot =
      new ApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  FermataAutoConfiguration.class,
                  FermataMetricsAutoConfiguration.class,
                  FermataEndpointAutoConfiguration.class,
                  MetricsAutoConfiguration.class,
                  TaskExecutionAutoConfiguration.class))
          .withBean("registry", MeterRegistry.class, () -> registry)
          .withPropertyValues(
              "management.endpoints.web.exposure.include=fermata",
              "spring.fermata.thread-name-prefix=restart-",
              "spring.fermata.executors.reports.thread-name-prefix=restart-reports-");

  @Test
  @Timeout(60)
  void leavesNoThreadMeterBeanOrExecutorBehind() throws Exception {
    Set<ObjectName> beans = managementBeans();
    List<WeakReference<FermataTaskExecutor>> executors = new ArrayList<>();

    for (int i = 0; i < RESTARTS; i++) {
      boot.run(
          context -> {
            for (String name : List.of("applicationTaskExecutor", "reports")) {
              FermataTaskExecutor executor = context.getBean(name, FermataTaskExecutor.class);
              executor.submitAction(() -> executor.submit(() -> 1).get()).get();
              executors.add(new WeakReference<>(executor));
            }
            context.getBean(FermataEndpoint.class).fermata(null);
            assertThat(managementBeans()).isNotEqualTo(beans);
            assertThat(threads()).isNotEmpty();
            assertThat(registry.getMeters()).isNotEmpty();
          });

      assertThat(registry.getMeters()).as("meters after %d starts", i + 1).isEmpty();
    }
    // Tasks may outlast an application that does not wait for them, and so may their threads.
    while (!threads().isEmpty() || !managementBeans().equals(beans)) {
      Thread.onSpinWait();
    }
    for (WeakReference<FermataTaskExecutor> executor : executors) {
      while (executor.get() != null) {
        System.gc();
        Thread.onSpinWait();
      }
    }
  }

  private static Set<ObjectName> managementBeans() throws Exception {
    return ManagementFactory.getPlatformMBeanServer()
        .queryNames(new ObjectName("dev.fermata:*"), null);
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("restart-"))
        .toList();
  }
}
