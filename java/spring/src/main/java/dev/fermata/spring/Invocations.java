// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import java.lang.reflect.Method;
import java.util.concurrent.ExecutionException;
import org.aopalliance.intercept.MethodInvocation;
import org.springframework.aop.support.AopUtils;
import org.springframework.core.BridgeMethodResolver;

/** What an interceptor asks of an invocation. */
final class Invocations {
  private Invocations() {}

  /** The target's class. */
  static Class<?> target(MethodInvocation invocation) {
    return invocation.getThis() == null
        ? invocation.getMethod().getDeclaringClass()
        : AopUtils.getTargetClass(invocation.getThis());
  }

  /** The method as the target's class declares it, where its annotations are. */
  static Method userMethod(MethodInvocation invocation) {
    return BridgeMethodResolver.getMostSpecificMethod(invocation.getMethod(), target(invocation));
  }

  /** Goes on as a {@code Callable} may, which cannot throw every {@code Throwable}. */
  static Object proceed(MethodInvocation invocation) throws Exception {
    try {
      return invocation.proceed();
    } catch (Exception | Error thrown) {
      throw thrown;
    } catch (Throwable thrown) {
      throw new ExecutionException(thrown);
    }
  }
}
