// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import dev.fermata.ActionScope;
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
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.beans.factory.NoUniqueBeanDefinitionException;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.StringUtils;

/** Runs an invocation as an action, unless it is part of one. Stateless; any thread. */
final class ActionInterceptor implements MethodInterceptor {
  /** The name under which Spring looks for the executor of {@code @Async} among several. */
  private static final String DEFAULT_BEAN = "taskExecutor";

  private final BeanFactory beans;

  ActionInterceptor(BeanFactory beans) {
    this.beans = beans;
  }

  @Override
  public Object invoke(MethodInvocation invocation) throws Throwable {
    if (ActionScope.current().isPresent()) {
      return invocation.proceed();
    }
    Class<?> returned = invocation.getMethod().getReturnType();
    FermataTaskExecutor executor = executor(invocation);
    if (CompletionStage.class.isAssignableFrom(returned)
        || Future.class.isAssignableFrom(returned)) {
      requireReplaceable(invocation.getMethod());
      return executor.submitAction(unwrapped(invocation));
    }
    return outcome(executor.submitAction(() -> Invocations.proceed(invocation)));
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

  private FermataTaskExecutor executor(MethodInvocation invocation) {
    Method method = Invocations.userMethod(invocation);
    Action action = AnnotatedElementUtils.findMergedAnnotation(method, Action.class);
    if (action == null) {
      action = AnnotatedElementUtils.findMergedAnnotation(method.getDeclaringClass(), Action.class);
    }
    if (action != null && StringUtils.hasText(action.value())) {
      return beans.getBean(action.value(), FermataTaskExecutor.class);
    }
    try {
      return beans.getBean(FermataTaskExecutor.class);
    } catch (NoUniqueBeanDefinitionException several) {
      if (beans.containsBean(DEFAULT_BEAN)
          && beans.isTypeMatch(DEFAULT_BEAN, FermataTaskExecutor.class)) {
        return beans.getBean(DEFAULT_BEAN, FermataTaskExecutor.class);
      }
      throw new IllegalStateException(
          "Which FermataTaskExecutor runs "
              + method
              + "? There are "
              + several.getBeanNamesFound()
              + ": name one by @Action(\"…\"), make one primary, or call one "
              + DEFAULT_BEAN,
          several);
    } catch (NoSuchBeanDefinitionException none) {
      throw new IllegalStateException(
          method + " is marked @Action, but there is no bean of type FermataTaskExecutor", none);
    }
  }
}
