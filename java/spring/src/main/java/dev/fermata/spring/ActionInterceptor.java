// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import dev.fermata.ActionScope;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import java.lang.reflect.Method;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.springframework.beans.factory.BeanFactory;

/** Runs an invocation as an action, unless it is part of one. Any thread. */
final class ActionInterceptor implements MethodInterceptor {
  private final ActionExecutors executors;

  ActionInterceptor(BeanFactory beans) {
    executors = new ActionExecutors(beans);
  }

  @Override
  public Object invoke(MethodInvocation invocation) throws Throwable {
    if (ActionScope.current().isPresent()) {
      return invocation.proceed();
    }
    Method method = Invocations.userMethod(invocation);
    Class<?> returned = method.getReturnType();
    FermataTaskExecutor executor = executors.of(method, Invocations.target(invocation));
    if (CompletionStage.class.isAssignableFrom(returned)
        || Future.class.isAssignableFrom(returned)) {
      requireReplaceable(invocation.getMethod());
      return executor.submitAction(unwrapped(invocation));
    }
    CompletableFuture<Object> action = executor.submitAction(() -> Invocations.proceed(invocation));
    try {
      return outcome(action);
    } catch (InterruptedException interrupted) {
      throw declared(interrupted, method);
    }
  }

  /** A caller is not to be told by an exception that it cannot expect. */
  private static Exception declared(InterruptedException interrupted, Method method) {
    for (Class<?> declared : method.getExceptionTypes()) {
      if (declared.isInstance(interrupted)) {
        return interrupted;
      }
    }
    Thread.currentThread().interrupt();
    return new FermataException(
        ErrorKind.CANCELLED,
        "Interrupted while waiting for the action " + method + ", which was cancelled",
        interrupted);
  }

  private static void requireReplaceable(Method method) {
    if (!method.getReturnType().isAssignableFrom(CompletableFuture.class)) {
      throw new IllegalStateException(
          "An @Action method that returns a future returns a CompletableFuture, CompletionStage or"
              + " Future, but "
              + method
              + " does not");
    }
  }

  /** Waits for the future that the body returned, as {@code @Async} does. */
  private static Callable<Object> unwrapped(MethodInvocation invocation) {
    return () -> {
      Object future = Invocations.proceed(invocation);
      if (future instanceof CompletionStage<?> stage) {
        return ActionScope.current().orElseThrow().await(stage);
      }
      return future == null ? null : outcome((Future<?>) future);
    };
  }

  private static Object outcome(Future<?> future) throws Exception {
    try {
      return future.get();
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof Exception exception) {
        throw exception;
      }
      if (failed.getCause() instanceof Error error) {
        throw error;
      }
      throw failed;
    } catch (InterruptedException | CancellationException ended) {
      future.cancel(true);
      throw ended;
    }
  }
}
