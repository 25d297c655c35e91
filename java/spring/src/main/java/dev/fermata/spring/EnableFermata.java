// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.context.annotation.Import;

/**
 * On a configuration class: methods marked {@link Action} run as actions; inside actions
 * {@code @Async} methods may return plain values; and {@code @Async} methods that their own class
 * calls through {@code this} are named in the log. {@code @EnableAsync} and a bean of type {@link
 * FermataTaskExecutor} stay the application's own. With Spring Boot the starter does this.
 */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Import(FermataConfiguration.class)
public @interface EnableFermata {
  /**
   * Returns whether a bean with interfaces gets a proxy that is a subclass too, so that it can be
   * injected as its class. With Spring Boot {@code spring.aop.proxy-target-class} decides.
   *
   * @return {@code false}, the default, for a proxy that implements the interfaces alone, as that
   *     of {@code @EnableAsync}
   */
  boolean proxyTargetClass() default false;
}
