// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.util.function.LongSupplier;

/** The strategies that need Java 21 or later. */
final class JdkStrategies {
  /** Whether the JDK's continuations are linked; before that there are none. */
  private static volatile boolean continuationsLinked;

  private JdkStrategies() {}

  /** Whether a thread is virtual. */
  static boolean isVirtual(Thread thread) {
    return thread.isVirtual();
  }

  /** Whether the calling thread runs a continuation of {@code CONTINUATION}. */
  static boolean isInContinuation() {
    return continuationsLinked && JdkContinuation.current() != null;
  }

  /**
   * Opens what {@link dev.fermata.Strategy#CONTINUATION} needs.
   *
   * @throws UnsupportedOperationException if this JDK does not have it; the message says why
   */
  static StrategyFactory continuation(
      PackageOpener opener, MonitorGuard guard, LongSupplier lockStack) {
    Module java = Object.class.getModule();
    Module fermata = JdkStrategies.class.getModule();
    try {
      opener.open(java, "jdk.internal.vm", fermata);
      opener.open(java, "java.lang", fermata);
      JdkContinuation.link();
      continuationsLinked = true;
    } catch (RuntimeException | LinkageError unavailable) {
      throw unavailable("jdk.internal.vm.Continuation", unavailable);
    }
    if (ContinuationStrategy.jvmRefusesMonitors()) {
      return limit -> new ContinuationStrategy(null, null);
    }
    OwnerMonitors owners = OwnerMonitors.open(opener, lockStack);
    return limit -> new ContinuationStrategy(guard, owners);
  }

  /**
   * Opens what {@link dev.fermata.Strategy#VIRTUAL} needs.
   *
   * @throws UnsupportedOperationException if this JDK does not have it; the message says why
   */
  static StrategyFactory virtual(PackageOpener opener, LongSupplier lockStack) {
    try {
      opener.open(Object.class.getModule(), "java.lang", JdkStrategies.class.getModule());
      JdkVirtualThread.link();
    } catch (RuntimeException | LinkageError unavailable) {
      throw unavailable("a virtual thread with a scheduler of its own", unavailable);
    }
    OwnerMonitors owners = OwnerMonitors.open(opener, lockStack);
    return limit -> new VirtualStrategy(owners);
  }

  private static UnsupportedOperationException unavailable(String what, Throwable why) {
    Throwable root = why instanceof ExceptionInInitializerError ? why.getCause() : why;
    return new UnsupportedOperationException(what + " cannot be reached: " + root, why);
  }
}
