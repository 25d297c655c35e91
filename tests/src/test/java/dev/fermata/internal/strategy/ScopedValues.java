// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

/** A {@code java.lang.ScopedValue} for tests that are compiled for Java 11. */
final class ScopedValues {
  private final Class<?> type;
  private final Object value;

  ScopedValues() throws ReflectiveOperationException {
    type = Class.forName("java.lang.ScopedValue");
    value = type.getMethod("newInstance").invoke(null);
  }

  void runWith(String bound, Runnable body) {
    Object carrier = call(type, null, "where", new Class<?>[] {type, Object.class}, value, bound);
    Class<?> carrierType = carrier.getClass();
    call(carrierType, carrier, "run", new Class<?>[] {Runnable.class}, body);
  }

  /** The bound value, or "unbound". */
  String get() {
    boolean isBound = (Boolean) call(type, value, "isBound", new Class<?>[0]);
    return isBound ? (String) call(type, value, "get", new Class<?>[0]) : "unbound";
  }

  private static Object call(
      Class<?> type, Object target, String name, Class<?>[] types, Object... arguments) {
    try {
      Method method = type.getMethod(name, types);
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw new AssertionError(e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }
}
