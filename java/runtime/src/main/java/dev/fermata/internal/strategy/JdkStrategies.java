// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.util.function.LongSupplier;

/**
 * The strategies that need classes of the JDK which are not in every supported version. This
 * variant serves Java 11 to 20 and has none; the one in {@code src/main/java21} has them.
 */
final class JdkStrategies {
  private JdkStrategies() {}

  /** Whether a thread is virtual. */
  static boolean isVirtual(Thread thread) {
    return false;
  }

  /** Whether the calling thread runs a continuation of {@code CONTINUATION}. */
  static boolean isInContinuation() {
    return false;
  }

  /**
   * Opens what {@link dev.fermata.Strategy#CONTINUATION} needs.
   *
   * @throws UnsupportedOperationException if this JDK does not have it; the message says why
   */
  static StrategyFactory continuation(
      PackageOpener opener, MonitorGuard guard, LongSupplier lockStack) {
    throw tooOld();
  }

  /**
   * Opens what {@link dev.fermata.Strategy#VIRTUAL} needs.
   *
   * @throws UnsupportedOperationException if this JDK does not have it; the message says why
   */
  static StrategyFactory virtual(PackageOpener opener, LongSupplier lockStack) {
    throw tooOld();
  }

  private static UnsupportedOperationException tooOld() {
    return new UnsupportedOperationException(
        "needs Java 21 or later, this is " + System.getProperty("java.version"));
  }
}
