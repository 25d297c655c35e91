// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.aop.Advisor;
import org.springframework.aop.PointcutAdvisor;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.interceptor.AsyncExecutionInterceptor;
import org.springframework.aop.support.AopUtils;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.scheduling.annotation.AsyncAnnotationAdvisor;
import org.springframework.util.ReflectionUtils;

/**
 * Looks at the proxies that Spring has made for {@code @Async}: lets methods with plain return
 * values suspend their caller, and warns of calls that pass the proxy by. Belongs to one bean
 * factory; remembers of which classes it has warned. Thread-safe.
 *
 * <p>Not {@code Ordered}, so that it sees proxies after all that is: Spring's own makes them.
 */
final class AsyncPostProcessor implements BeanPostProcessor {
  private static final Logger LOG = LoggerFactory.getLogger(AsyncPostProcessor.class);

  private final Set<Class<?>> looked = ConcurrentHashMap.newKeySet();

  @Override
  public Object postProcessAfterInitialization(Object bean, String beanName) {
    if (bean instanceof Advised advised) {
      for (Advisor advisor : advised.getAdvisors()) {
        if (advisor instanceof AsyncAnnotationAdvisor async) {
          Class<?> type = AopUtils.getTargetClass(bean);
          if (!advised.isFrozen()
              && async.getAdvice() instanceof AsyncExecutionInterceptor springs
              && hasPlainResults(async, type)) {
            advised.replaceAdvisor(
                async,
                new DefaultPointcutAdvisor(
                    async.getPointcut(), new SuspendingAsyncInterceptor(springs)));
          }
          if (looked.add(type)) {
            warn(async, type);
          }
        }
      }
    }
    return bean;
  }

  private static boolean hasPlainResults(PointcutAdvisor async, Class<?> type) {
    return Arrays.stream(ReflectionUtils.getUniqueDeclaredMethods(type))
        .anyMatch(
            method ->
                SuspendingAsyncInterceptor.isPlain(method)
                    && async.getPointcut().getMethodMatcher().matches(method, type));
  }

  private static void warn(PointcutAdvisor async, Class<?> type) {
    SelfInvocations.of(type, async.getPointcut().getMethodMatcher())
        .forEach(
            call ->
                LOG.warn(
                    "{} calls the @Async method {} through this, past the proxy: it runs on the"
                        + " caller's thread. Call it on an injected bean, move it to another bean,"
                        + " or use @EnableAsync(mode = ASPECTJ) with weaving",
                    call.caller(),
                    call.callee()));
  }
}
