// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

/** The strategies that need Java 21 or later. */
final class JdkStrategies {
  private JdkStrategies() {}

  /** Whether a thread is virtual. */
  static boolean isVirtual(Thread thread) {
    return thread.isVirtual();
  }

  /**
   * Opens what {@link dev.fermata.Strategy#CONTINUATION} needs.
   *
   * @throws UnsupportedOperationException if this JDK does not have it; the message says why
   */
  static StrategyFactory continuation(PackageOpener opener, MonitorGuard guard) {
    Module java = Object.class.getModule();
    Module fermata = JdkStrategies.class.getModule();
    try {
      opener.open(java, "jdk.internal.vm", fermata);
      opener.open(java, "java.lang", fermata);
      JdkContinuation.link();
    } catch (RuntimeException | LinkageError unavailable) {
      throw unavailable("jdk.internal.vm.Continuation", unavailable);
    }
    MonitorGuard needed = ContinuationStrategy.jvmRefusesMonitors() ? null : guard;
    return limit -> new ContinuationStrategy(needed);
  }

  /**
   * Opens what {@link dev.fermata.Strategy#VIRTUAL} needs.
   *
   * @throws UnsupportedOperationException if this JDK does not have it; the message says why
   */
  static StrategyFactory virtual(PackageOpener opener) {
    try {
      opener.open(Object.class.getModule(), "java.lang", JdkStrategies.class.getModule());
      JdkVirtualThread.link();
    } catch (RuntimeException | LinkageError unavailable) {
      throw unavailable("a virtual thread with a scheduler of its own", unavailable);
    }
    return limit -> new VirtualStrategy();
  }

  private static UnsupportedOperationException unavailable(String what, Throwable why) {
    Throwable root = why instanceof ExceptionInInitializerError ? why.getCause() : why;
    return new UnsupportedOperationException(what + " cannot be reached: " + root, why);
  }
}
