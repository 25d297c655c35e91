// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.util.concurrent.locks.LockSupport;

/**
 * An action on a carrier thread, and the baton that passes between it and its owner. The baton
 * ({@code carriersTurn}) is written only by the side that holds it; all fields without a comment
 * are guarded by it. The carrier begins with the owner's context class loader.
 */
final class HandoffAction implements SuspendableAction {
  /**
   * How often either side yields the processor before it parks. Measured: with both threads on one
   * core a hand-over by {@code Thread.yield} costs half of one by park and unpark.
   */
  private static final int YIELDS = 20;

  private final HandoffStrategy strategy;
  private final InterruptGate gate = new InterruptGate();
  private Runnable body;
  private Thread owner;
  private boolean interruptedAtEnd;

  /** Written by the carrier when it begins and ends; read by any thread. */
  private volatile Thread carrier;

  private volatile boolean carriersTurn;

  HandoffAction(HandoffStrategy strategy, Runnable body) {
    this.strategy = strategy;
    this.body = body;
  }

  @Override
  public boolean runSlice() {
    boolean first = carrier == null;
    if (first && body == null) {
      return true;
    }
    owner = Thread.currentThread();
    boolean interrupted = Thread.interrupted();
    gate.open();
    if (interrupted) {
      gate.interruptSlice();
    }
    carriersTurn = true;
    if (first) {
      startCarrier(interrupted);
    } else {
      LockSupport.unpark(carrier);
    }
    boolean keptInterrupt = awaitOwnersTurn();
    owner = null;
    if (interruptedAtEnd || keptInterrupt) {
      Thread.currentThread().interrupt();
    }
    return body == null;
  }

  private void startCarrier(boolean interrupted) {
    try {
      strategy.carry(this::runOnCarrier);
    } catch (IllegalStateException | Error notStarted) {
      carriersTurn = false;
      owner = null;
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      throw notStarted;
    }
  }

  /** Returns whether an interrupt came too late for the slice and is the owner's. */
  private boolean awaitOwnersTurn() {
    for (int i = 0; i < YIELDS && carriersTurn; i++) {
      Thread.yield();
    }
    if (!carriersTurn) {
      return false;
    }
    boolean interrupted = false;
    OwnerWait wait = new OwnerWait(strategy.ownerWaitLimitNanos());
    while (carriersTurn) {
      LockSupport.parkNanos(this, wait.remainingNanos());
      if (Thread.interrupted() && !gate.interruptSlice()) {
        interrupted = true;
      }
      Thread current = carrier;
      if (wait.isOver() && current != null && carriersTurn) {
        wait.warn(current);
      }
    }
    return interrupted;
  }

  private void runOnCarrier() {
    Thread current = Thread.currentThread();
    ClassLoader idleLoader = current.getContextClassLoader();
    current.setContextClassLoader(owner.getContextClassLoader());
    carrier = current;
    gate.enter();
    try {
      new ActionEntry(body).run();
    } finally {
      current.setContextClassLoader(idleLoader);
      body = null;
      carrier = null;
      handBack();
    }
  }

  private void handBack() {
    gate.exit();
    interruptedAtEnd = Thread.interrupted();
    Thread waiting = owner;
    carriersTurn = false;
    LockSupport.unpark(waiting);
  }

  @Override
  public boolean suspend() {
    handBack();
    for (int i = 0; i < YIELDS && !carriersTurn; i++) {
      Thread.yield();
    }
    while (!carriersTurn) {
      LockSupport.park(this);
    }
    gate.enter();
    return true;
  }

  @Override
  public void resumed() {}

  @Override
  public Pin pin() {
    return strategy.pin();
  }

  @Override
  public boolean isCurrent() {
    return Thread.currentThread() == carrier && !JdkStrategies.isInContinuation();
  }

  @Override
  public void wake() {}

  @Override
  public void interrupt() {
    gate.interruptNowOrNext();
  }

  @Override
  public StackTraceElement[] stack() {
    Thread current = carrier;
    return current == null ? new StackTraceElement[0] : current.getStackTrace();
  }
}
