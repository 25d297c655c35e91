// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import org.springframework.aop.framework.autoproxy.AbstractBeanFactoryAwareAdvisingPostProcessor;
import org.springframework.aop.support.ComposablePointcut;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.annotation.AnnotationMatchingPointcut;
import org.springframework.beans.factory.BeanFactory;

/**
 * Puts an {@link ActionInterceptor} around the methods marked {@link Action}, outside all other
 * advice: what a transaction, say, binds to its thread belongs to the action.
 */
final class ActionPostProcessor extends AbstractBeanFactoryAwareAdvisingPostProcessor {
  private static final long serialVersionUID = 1L;

  ActionPostProcessor() {
    setBeforeExistingAdvisors(true);
  }

  @Override
  public void setBeanFactory(BeanFactory beanFactory) {
    super.setBeanFactory(beanFactory);
    ComposablePointcut actions =
        new ComposablePointcut(new AnnotationMatchingPointcut(Action.class, true))
            .union(new AnnotationMatchingPointcut(null, Action.class, true));
    advisor = new DefaultPointcutAdvisor(actions, new ActionInterceptor(beanFactory));
  }
}
