// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import dev.fermata.spring.EnableFermata;
import dev.fermata.spring.FermataTaskExecutor;
import io.micrometer.context.ContextRegistry;
import java.util.concurrent.Executor;
import org.springframework.beans.factory.InitializingBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.task.TaskDecorator;
import org.springframework.scheduling.annotation.AsyncAnnotationBeanPostProcessor;
import org.springframework.web.context.request.RequestAttributesThreadLocalAccessor;

/**
 * {@linkplain org.springframework.boot.autoconfigure.EnableAutoConfiguration Auto-configuration} of
 * Fermata: the default executor in place of Boot's own, under the same condition (no bean is an
 * {@link Executor}) and name, and the executors of {@code spring.fermata.executors}.
 *
 * <p>Unlike Boot's, the default executor is not lazy: what is wrong with its properties shows when
 * the application starts.
 *
 * <p>{@code spring.task.execution.mode=force} asks for Boot's own executor whatever there is, so
 * with it there is no default executor here.
 */
@AutoConfiguration(before = TaskExecutionAutoConfiguration.class)
@ConditionalOnProperty(
    prefix = FermataProperties.PREFIX,
    name = "enabled",
    havingValue = "true",
    matchIfMissing = true)
@EnableConfigurationProperties(FermataProperties.class)
@Import(NamedExecutorsRegistrar.class)
public class FermataAutoConfiguration {
  static final String EXECUTORS_BEAN_NAME = "fermataExecutors";

  @Bean(EXECUTORS_BEAN_NAME)
  FermataExecutors fermataExecutors(
      FermataProperties properties, ObjectProvider<TaskDecorator> decorators) {
    return new FermataExecutors(properties, decorators);
  }

  @Bean({
    TaskExecutionAutoConfiguration.APPLICATION_TASK_EXECUTOR_BEAN_NAME,
    AsyncAnnotationBeanPostProcessor.DEFAULT_TASK_EXECUTOR_BEAN_NAME
  })
  @ConditionalOnMissingBean(Executor.class)
  @ConditionalOnProperty(
      name = "spring.task.execution.mode",
      havingValue = "auto",
      matchIfMissing = true)
  FermataTaskExecutor applicationTaskExecutor(FermataExecutors executors) {
    return executors.defaultExecutor();
  }

  /** As Boot has it for its own proxies. */
  @Configuration(proxyBeanMethods = false)
  @EnableFermata(proxyTargetClass = true)
  @ConditionalOnProperty(
      name = "spring.aop.proxy-target-class",
      havingValue = "true",
      matchIfMissing = true)
  static class SubclassProxyConfiguration {}

  /** For those who ask for proxies of interfaces. */
  @Configuration(proxyBeanMethods = false)
  @EnableFermata
  @ConditionalOnProperty(name = "spring.aop.proxy-target-class", havingValue = "false")
  static class InterfaceProxyConfiguration {}

  /** Lets the locale follow tasks and actions, and the request if there are any. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(ContextRegistry.class)
  static class ContextPropagationConfiguration {
    @Bean
    InitializingBean fermataLocalePropagation() {
      return SpringAccessors::registerLocale;
    }

    @Bean
    @ConditionalOnClass(RequestAttributesThreadLocalAccessor.class)
    InitializingBean fermataRequestPropagation() {
      return SpringAccessors::registerRequest;
    }
  }
}
