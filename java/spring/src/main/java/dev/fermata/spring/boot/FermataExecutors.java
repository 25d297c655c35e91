// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import dev.fermata.spring.FermataTaskExecutor;
import java.time.Duration;
import java.util.function.Consumer;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.core.task.TaskDecorator;

/**
 * Makes executors as the properties say; whoever asks for one owns it. As with Boot's own executor,
 * a decorator of tasks is applied if there is just one, or one that is primary.
 */
final class FermataExecutors {
  private final FermataProperties properties;
  private final ObjectProvider<TaskDecorator> decorators;

  FermataExecutors(FermataProperties properties, ObjectProvider<TaskDecorator> decorators) {
    this.properties = properties;
    this.decorators = decorators;
  }

  FermataTaskExecutor defaultExecutor() {
    return executor(FermataProperties.PREFIX, properties);
  }

  FermataTaskExecutor namedExecutor(String name) {
    return executor(FermataProperties.EXECUTORS + "." + name, properties.getExecutors().get(name));
  }

  private FermataTaskExecutor executor(String prefix, FermataExecutorProperties of) {
    FermataTaskExecutor executor = new FermataTaskExecutor();
    set(prefix + ".tasks", of.getTasks(), executor::setTasks);
    set(prefix + ".concurrency", of.getConcurrency(), executor::setConcurrency);
    set(prefix + ".queue-capacity", of.getQueueCapacity(), executor::setQueueCapacity);
    set(prefix + ".keep-alive", of.getKeepAlive(), executor::setKeepAlive);
    set(prefix + ".max-actions", of.getMaxActions(), executor::setMaxActions);
    set(prefix + ".loops", of.getLoops(), executor::setLoops);
    set(prefix + ".thread-name-prefix", of.getThreadNamePrefix(), executor::setThreadNamePrefix);
    executor.setWaitForTasksToCompleteOnShutdown(of.getShutdown().isAwaitTermination());
    set(
        prefix + ".shutdown.await-termination-period",
        of.getShutdown().getAwaitTerminationPeriod(),
        period -> awaitTermination(executor, period));
    decorators.ifUnique(executor::setTaskDecorator);
    return executor;
  }

  private static void awaitTermination(FermataTaskExecutor executor, Duration period) {
    if (period.isNegative()) {
      throw new IllegalArgumentException("It must not be negative.");
    }
    executor.setAwaitTerminationMillis(period.toMillis());
  }

  /** An empty property, read as null, leaves the executor's own default. */
  private static <V> void set(String property, V value, Consumer<V> setter) {
    if (value == null) {
      return;
    }
    try {
      setter.accept(value);
    } catch (IllegalArgumentException refused) {
      InvalidConfigurationPropertyValueException invalid =
          new InvalidConfigurationPropertyValueException(property, value, refused.getMessage());
      invalid.addSuppressed(refused);
      throw invalid;
    }
  }
}
