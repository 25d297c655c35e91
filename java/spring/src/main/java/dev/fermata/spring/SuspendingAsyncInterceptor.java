// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import dev.fermata.ActionScope;
import java.lang.reflect.Method;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.scheduling.annotation.AnnotationAsyncExecutionInterceptor;
import org.springframework.scheduling.annotation.AsyncConfigurer;

/**
 * In place of Spring's advice of {@code @Async}, for beans with methods that return plain values.
 * Inside an action such a method runs on its executor and suspends the action until its value is
 * there; everything else is left to Spring's advice.
 */
final class SuspendingAsyncInterceptor extends AnnotationAsyncExecutionInterceptor {
  private final MethodInterceptor springs;

  SuspendingAsyncInterceptor(MethodInterceptor springs, BeanFactory beans) {
    super(null);
    this.springs = springs;
    setBeanFactory(beans);
    // As Spring does; asked for when first needed.
    configure(() -> ofConfigurer(beans), null);
  }

  private static Executor ofConfigurer(BeanFactory beans) {
    AsyncConfigurer configurer = beans.getBeanProvider(AsyncConfigurer.class).getIfUnique();
    return configurer == null ? null : configurer.getAsyncExecutor();
  }

  /** Whether Spring would refuse the return type. */
  static boolean isPlain(Method method) {
    Class<?> returned = method.getReturnType();
    return returned != void.class
        && !Future.class.isAssignableFrom(returned)
        && !returned.getName().equals("kotlin.Unit");
  }

  @Override
  public Object invoke(MethodInvocation invocation) throws Throwable {
    Optional<ActionScope> scope = ActionScope.current();
    if (scope.isEmpty() || !isPlain(invocation.getMethod())) {
      return springs.invoke(invocation);
    }
    Method method = Invocations.userMethod(invocation);
    AsyncTaskExecutor executor = determineAsyncExecutor(method);
    if (executor == null) {
      throw new IllegalStateException("There is no executor for the @Async method " + method);
    }
    return scope.get().await(executor.submitCompletable(() -> Invocations.proceed(invocation)));
  }
}
