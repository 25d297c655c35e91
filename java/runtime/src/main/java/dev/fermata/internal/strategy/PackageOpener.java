// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

/** Opens packages of the JDK that its modules keep to themselves. */
@FunctionalInterface
public interface PackageOpener {
  /**
   * Exports and opens a package for reflection.
   *
   * @param owner the module that contains the package
   * @param packageName the package, as in {@code java.lang}
   * @param to the module that gets access
   */
  void open(Module owner, String packageName, Module to);
}
