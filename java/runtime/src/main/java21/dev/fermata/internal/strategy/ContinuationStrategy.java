// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import dev.fermata.Strategy;

/**
 * Runs each action as a one-shot delimited continuation on the owner's own thread. Owns no state
 * but the monitor guard.
 *
 * <p>Suspending under a monitor must not happen: up to Java 23 the JVM says so, from 24 on it lets
 * it happen and exclusion breaks. So whether the JVM's word can be relied on is tried once.
 */
final class ContinuationStrategy implements SuspensionStrategy {
  private final MonitorGuard guard;
  private final boolean jvmSeesMonitors;

  /**
   * @param guard sees the monitors of an action where the JVM does not
   */
  ContinuationStrategy(MonitorGuard guard) {
    this.guard = guard;
    this.jvmSeesMonitors = JvmPins.SEE_MONITORS;
  }

  @Override
  public Strategy kind() {
    return Strategy.CONTINUATION;
  }

  @Override
  public boolean resumedByUnpark() {
    return false;
  }

  @Override
  public SuspendableAction start(Runnable body, ActionSignals signals) {
    if (Thread.currentThread().isVirtual()) {
      return new InPlaceAction(body, Pin.VIRTUAL_OWNER);
    }
    return new ContinuationAction(this, body);
  }

  @Override
  public void close() {}

  Pin pin() {
    if (!jvmSeesMonitors) {
      return guard.look(true);
    }
    if (!JdkContinuation.isPinned()) {
      return Pin.NONE;
    }
    Pin seen = guard.look(true);
    return seen == Pin.NONE ? Pin.MONITOR : seen;
  }

  /** Whether {@code Continuation.isPinned} tells a held monitor from none, tried once. */
  private static final class JvmPins {
    static final boolean SEE_MONITORS = tryOut();

    private static boolean tryOut() {
      boolean[] pinned = new boolean[2];
      Object monitor = new Object();
      JdkContinuation.run(
          JdkContinuation.create(
              () -> {
                pinned[0] = JdkContinuation.isPinned();
                synchronized (monitor) {
                  pinned[1] = JdkContinuation.isPinned();
                }
              }));
      return !pinned[0] && pinned[1];
    }
  }
}
