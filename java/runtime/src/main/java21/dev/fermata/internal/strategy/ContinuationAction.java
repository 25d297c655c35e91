// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

/**
 * An action as a continuation. Its fields belong to the owner; the interrupt gate to all threads.
 *
 * <p>Scoped values live in a field of the thread, which a continuation leaves as it is: each side
 * gets its own bindings back when it goes on.
 */
final class ContinuationAction implements SuspendableAction {
  private final MonitorGuard guard;
  private final OwnerMonitors owners;
  private final Object continuation;

  /** {@code null} if nobody interrupts it: to ask costs as much as the rest of a slice. */
  private final InterruptGate gate;

  private boolean started;
  private boolean tryingOut;
  private long suspends;
  private Object scopedValues;

  /**
   * @param guard sees the monitors of an action; {@code null} where the JVM refuses by itself
   * @param owners sees the monitors of its owner; {@code null} where there is no guard
   * @param gate {@code null} if nobody interrupts it
   */
  ContinuationAction(MonitorGuard guard, OwnerMonitors owners, InterruptGate gate, Runnable body) {
    this.guard = guard;
    this.owners = owners;
    this.gate = gate;
    this.continuation = JdkContinuation.create(new ActionEntry(body));
  }

  @Override
  public boolean runSlice() {
    if (JdkContinuation.isDone(continuation)) {
      return true;
    }
    Object ownersScopedValues = JdkContinuation.scopedValues();
    if (started) {
      JdkContinuation.setScopedValues(scopedValues);
    }
    started = true;
    if (gate != null) {
      gate.enter();
    }
    try {
      do {
        JdkContinuation.run(continuation);
      } while (tryingOut);
    } finally {
      if (gate != null) {
        gate.exit();
      }
      scopedValues = JdkContinuation.scopedValues();
      JdkContinuation.setScopedValues(ownersScopedValues);
    }
    return JdkContinuation.isDone(continuation);
  }

  @Override
  public boolean suspend() {
    try {
      return JdkContinuation.yield();
    } catch (IllegalStateException pinned) {
      // Under a frame that pin() does not see. Nothing was suspended.
      return false;
    }
  }

  @Override
  public Pin trySuspend() {
    if (guard != null) {
      return SuspendableAction.super.trySuspend();
    }
    return suspend() ? Pin.NONE : pin();
  }

  @Override
  public Pin trySuspendTrusting() {
    suspends++;
    // The lock stack has the monitors that no other thread has ever waited for: most of them.
    boolean looksClosely = guard != null && ((suspends & (suspends - 1)) == 0 || owners.anyHeld());
    if (looksClosely) {
      return trySuspend();
    }
    return suspend() ? Pin.NONE : pin();
  }

  @Override
  public void resumed() {}

  @Override
  public Pin pin() {
    if (guard != null) {
      Pin pin = guard.look(true);
      return pin == Pin.NONE && owners.anyHeld() ? Pin.OWNER_MONITOR : pin;
    }
    tryingOut = true;
    try {
      JdkContinuation.yield();
      return Pin.NONE;
    } catch (IllegalStateException pinned) {
      // "Pinned: MONITOR", "Pinned: NATIVE", ...; a class initialiser is run by a native frame.
      return String.valueOf(pinned.getMessage()).endsWith("NATIVE")
          ? Pin.NATIVE_FRAME
          : Pin.MONITOR;
    } finally {
      tryingOut = false;
    }
  }

  @Override
  public boolean isCurrent() {
    // It is not, if its code runs a virtual thread as the scheduler of that.
    return JdkContinuation.current() == continuation && !Thread.currentThread().isVirtual();
  }

  @Override
  public void wake() {}

  @Override
  public void interrupt() {
    if (gate != null) {
      gate.interruptSlice();
    }
  }

  @Override
  public StackTraceElement[] stack() {
    try {
      return JdkContinuation.stack(continuation);
    } catch (IllegalStateException running) {
      return new StackTraceElement[0];
    }
  }
}
