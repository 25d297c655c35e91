// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The method, or each public method of the type, runs as an action: while it waits it holds no
 * thread but that which its own strategy needs (none on Java 24 and later, a parked one before),
 * and {@code @Async} methods that it calls may return plain values.
 *
 * <p>What the caller gets depends on the return type. With {@link
 * java.util.concurrent.CompletableFuture}, {@link java.util.concurrent.CompletionStage} or {@link
 * java.util.concurrent.Future} it goes on at once; as with {@code @Async} the body returns a future
 * that is complete, or will be. With any other type, {@code void} included, the caller waits for
 * the outcome. A method that is called inside an action just runs, as part of it.
 *
 * <p>Like {@code @Async} it works on beans, through their proxies.
 */
@Documented
@Target({ElementType.METHOD, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
public @interface Action {
  /**
   * Returns the name or qualifier of a bean of type {@link FermataTaskExecutor}; placeholders and
   * expressions are resolved. That of a method comes before that of the bean's class.
   *
   * @return empty, the default, for the only or the primary one, else the one named {@code
   *     taskExecutor}
   */
  String value() default "";
}
