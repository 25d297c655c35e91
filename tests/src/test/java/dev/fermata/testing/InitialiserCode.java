// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.testing;

import java.io.IOException;
import java.io.InputStream;
import java.util.function.Supplier;

/**
 * What the initialiser of {@link InitialisedByCall} runs, and the class in as many copies as
 * wanted.
 */
public final class InitialiserCode {
  private static volatile Supplier<String> supplier;

  private InitialiserCode() {}

  public static void set(Supplier<String> code) {
    supplier = code;
  }

  public static String run() {
    return supplier.get();
  }

  /** The class as a class loader of its own defines it, not yet initialised. */
  public static Class<?> freshClass() {
    String name = InitialiserCode.class.getPackageName() + ".InitialisedByCall";
    return new ClassLoader(InitialiserCode.class.getClassLoader()) {
      Class<?> define() {
        try (InputStream file = getResourceAsStream(name.replace('.', '/') + ".class")) {
          byte[] bytes = file.readAllBytes();
          return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException unreadable) {
          throw new AssertionError(unreadable);
        }
      }
    }.define();
  }
}
