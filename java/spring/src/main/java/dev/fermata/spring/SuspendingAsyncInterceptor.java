// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import dev.fermata.ActionScope;
import java.lang.reflect.Method;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.springframework.aop.interceptor.AsyncExecutionAspectSupport;
import org.springframework.aop.interceptor.AsyncExecutionInterceptor;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.util.ReflectionUtils;

/**
 * In place of Spring's advice of {@code @Async}, for beans with methods that return plain values.
 * Inside an action such a method runs on the executor that Spring's advice chooses, and suspends
 * the action until its value is there; everything else is left to Spring's advice. Stateless; any
 * thread.
 */
final class SuspendingAsyncInterceptor implements MethodInterceptor {
  // Spring offers no public way to ask which executor its advice takes, and how it is configured.
  private static final Method CHOICE = choice();

  private final AsyncExecutionInterceptor springs;

  SuspendingAsyncInterceptor(AsyncExecutionInterceptor springs) {
    this.springs = springs;
  }

  private static Method choice() {
    try {
      Method choice =
          AsyncExecutionAspectSupport.class.getDeclaredMethod(
              "determineAsyncExecutor", Method.class);
      ReflectionUtils.makeAccessible(choice);
      return choice;
    } catch (NoSuchMethodException unknownSpring) {
      throw new IllegalStateException(
          "AsyncExecutionAspectSupport has no method determineAsyncExecutor: use Spring 6.2",
          unknownSpring);
    }
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
    Method method = Invocations.userMethod(invocation);
    if (scope.isEmpty() || !isPlain(method)) {
      return springs.invoke(invocation);
    }
    CompletableFuture<Object> call =
        executor(method).submitCompletable(() -> Invocations.proceed(invocation));
    try {
      return scope.get().await(call);
    } finally {
      // The wait ended before the call did: the action was cut off, and nobody wants the value.
      call.cancel(true);
    }
  }

  private AsyncTaskExecutor executor(Method method) {
    Object executor = ReflectionUtils.invokeMethod(CHOICE, springs, method);
    if (executor == null) {
      throw new IllegalStateException("There is no executor for the @Async method " + method);
    }
    return (AsyncTaskExecutor) executor;
  }
}
