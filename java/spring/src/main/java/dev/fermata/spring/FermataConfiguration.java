// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.ImportAware;
import org.springframework.context.annotation.Role;
import org.springframework.core.type.AnnotationMetadata;

/** The bean post-processors behind {@link EnableFermata}, which imports it. */
@Configuration(proxyBeanMethods = false)
@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
public class FermataConfiguration implements ImportAware {
  private boolean proxyTargetClass;

  /** Called by Spring. */
  public FermataConfiguration() {}

  @Override
  public void setImportMetadata(AnnotationMetadata importing) {
    proxyTargetClass =
        importing
            .getAnnotations()
            .get(EnableFermata.class)
            .getValue("proxyTargetClass", Boolean.class)
            .orElse(false);
  }

  @Bean
  @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
  ActionPostProcessor fermataActionPostProcessor() {
    return new ActionPostProcessor(proxyTargetClass);
  }

  @Bean
  @Role(BeanDefinition.ROLE_INFRASTRUCTURE)
  static AsyncPostProcessor fermataAsyncPostProcessor() {
    return new AsyncPostProcessor();
  }
}
