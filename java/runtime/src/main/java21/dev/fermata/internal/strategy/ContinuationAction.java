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
  private final ContinuationStrategy strategy;
  private final Object continuation;
  private final InterruptGate gate = new InterruptGate();
  private boolean started;
  private Object scopedValues;

  ContinuationAction(ContinuationStrategy strategy, Runnable body) {
    this.strategy = strategy;
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
    gate.enter();
    try {
      JdkContinuation.run(continuation);
    } finally {
      gate.exit();
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
  public Pin pin() {
    return strategy.pin();
  }

  @Override
  public boolean isCurrent() {
    return JdkContinuation.current() == continuation;
  }

  @Override
  public void wake() {}

  @Override
  public void interrupt() {
    gate.interruptSlice();
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
