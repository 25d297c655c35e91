// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/** Methods of the JDK's own {@code Unsafe}, which tells what no public class does. */
final class JdkUnsafe {
  static final String PACKAGE = "jdk.internal.misc";

  private JdkUnsafe() {}

  /**
   * Finds a method.
   *
   * @return the method, bound to the only instance
   * @throws ReflectiveOperationException if this JDK has none
   * @throws RuntimeException if the package cannot be opened
   */
  static MethodHandle method(PackageOpener opener, String name, Class<?>... parameters)
      throws ReflectiveOperationException {
    opener.open(Object.class.getModule(), PACKAGE, JdkUnsafe.class.getModule());
    return openedMethod(name, parameters);
  }

  /** As {@link #method}, once the package is open. */
  static MethodHandle openedMethod(String name, Class<?>... parameters)
      throws ReflectiveOperationException {
    Class<?> unsafe = Class.forName(PACKAGE + ".Unsafe");
    return MethodHandles.lookup()
        .unreflect(unsafe.getMethod(name, parameters))
        .bindTo(unsafe.getMethod("getUnsafe").invoke(null));
  }
}
