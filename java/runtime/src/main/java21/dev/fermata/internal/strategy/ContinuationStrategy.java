// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import dev.fermata.Strategy;

/**
 * Runs each action as a one-shot delimited continuation on the owner's own thread. Owns nothing but
 * shares the monitor guard.
 *
 * <p>An action must not be suspended under a monitor. Up to Java 23 the JVM refuses that, so that
 * an action finds out by suspending and going on at once; from 24 on the JVM lets it happen
 * although exclusion breaks, and the guard has to look.
 */
final class ContinuationStrategy implements SuspensionStrategy {
  private final MonitorGuard guard;
  private final OwnerMonitors owners;

  /**
   * @param guard sees the monitors of an action; {@code null} where the JVM refuses by itself
   * @param owners sees the monitors of its owner; {@code null} where the JVM leaves them alone
   */
  ContinuationStrategy(MonitorGuard guard, OwnerMonitors owners) {
    this.guard = guard;
    this.owners = owners;
  }

  /**
   * Whether the JVM refuses to suspend under a monitor. To be called where it does no harm if it
   * does not refuse: on a thread that is used for nothing else.
   */
  static boolean jvmRefusesMonitors() {
    boolean[] refused = new boolean[1];
    Object monitor = new Object();
    Object continuation =
        JdkContinuation.create(
            () -> {
              synchronized (monitor) {
                try {
                  JdkContinuation.yield();
                } catch (IllegalStateException pinned) {
                  refused[0] = true;
                }
              }
            });
    while (!JdkContinuation.isDone(continuation)) {
      JdkContinuation.run(continuation);
    }
    return refused[0];
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
  public boolean endangersOwner() {
    return owners != null && owners.anyHeld();
  }

  @Override
  public SuspendableAction start(Runnable body, ActionSignals signals) {
    return new ContinuationAction(
        guard, owners, signals == null ? null : new InterruptGate(), body);
  }

  @Override
  public void close() {}
}
