// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import org.springframework.aop.framework.autoproxy.AbstractBeanFactoryAwareAdvisingPostProcessor;
import org.springframework.aop.support.ComposablePointcut;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.annotation.AnnotationMatchingPointcut;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.support.MergedBeanDefinitionPostProcessor;
import org.springframework.beans.factory.support.RootBeanDefinition;

/**
 * Puts an {@link ActionInterceptor} around the methods marked {@link Action}, outside all other
 * advice: what a transaction, say, binds to its thread belongs to the action. Belongs to one bean
 * factory, which calls it; not changed after that.
 *
 * <p>Spring applies post-processors of merged definitions after all others. As one of them this one
 * comes after that of {@code @Async}, which puts its own advice first too.
 */
final class ActionPostProcessor extends AbstractBeanFactoryAwareAdvisingPostProcessor
    implements MergedBeanDefinitionPostProcessor {
  private static final long serialVersionUID = 1L;

  /**
   * @param subclasses whether beans with interfaces get proxies that are subclasses, too
   */
  ActionPostProcessor(boolean subclasses) {
    setBeforeExistingAdvisors(true);
    setProxyTargetClass(subclasses);
  }

  @Override
  public void setBeanFactory(BeanFactory beanFactory) {
    super.setBeanFactory(beanFactory);
    ComposablePointcut actions =
        new ComposablePointcut(new AnnotationMatchingPointcut(Action.class, true))
            .union(new AnnotationMatchingPointcut(null, Action.class, true));
    advisor = new DefaultPointcutAdvisor(actions, new ActionInterceptor(beanFactory));
  }

  /** Nothing: only the place among the post-processors counts. */
  @Override
  public void postProcessMergedBeanDefinition(
      RootBeanDefinition definition, Class<?> type, String name) {}
}
