// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

/**
 * An action that runs to its end in its first slice, on its owner: the owner is blocked while the
 * action waits.
 */
final class InPlaceAction implements SuspendableAction {
  private final Pin pin;
  private final InterruptGate gate = new InterruptGate();
  private Runnable body;
  private volatile Thread runner;

  /**
   * @param body the action's code
   * @param pin why the action is never suspended
   */
  InPlaceAction(Runnable body, Pin pin) {
    this.body = body;
    this.pin = pin;
  }

  @Override
  public boolean runSlice() {
    Runnable code = body;
    if (code != null) {
      body = null;
      runner = Thread.currentThread();
      gate.enter();
      try {
        code.run();
      } finally {
        gate.exit();
        runner = null;
      }
    }
    return true;
  }

  @Override
  public boolean suspend() {
    return false;
  }

  @Override
  public void resumed() {}

  @Override
  public Pin pin() {
    return pin;
  }

  @Override
  public boolean isCurrent() {
    return Thread.currentThread() == runner;
  }

  @Override
  public void wake() {}

  @Override
  public void interrupt() {
    gate.interruptSlice();
  }

  @Override
  public StackTraceElement[] stack() {
    return new StackTraceElement[0];
  }
}
