// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import dev.fermata.Strategy;

/**
 * Runs each action as a virtual thread whose scheduler is the owner: every blocking call of the
 * action suspends it, also under monitors. Owns the watch over the interrupts of the owner.
 */
final class VirtualStrategy implements SuspensionStrategy {
  private final OwnerMonitors owners;
  private volatile OwnerInterrupts interrupts;
  private volatile boolean closed;

  /**
   * @param owners sees the monitors of an owner, which its actions would take along
   */
  VirtualStrategy(OwnerMonitors owners) {
    this.owners = owners;
  }

  @Override
  public Strategy kind() {
    return Strategy.VIRTUAL;
  }

  @Override
  public boolean resumedByUnpark() {
    return true;
  }

  @Override
  public SuspendableAction start(Runnable body, ActionSignals signals) {
    return new VirtualAction(this, body, signals);
  }

  @Override
  public boolean endangersOwner() {
    return owners.anyHeld();
  }

  @Override
  public void checkOwner() {
    if (endangersOwner()) {
      throw new IllegalStateException(
          "the owner holds a monitor: leave the synchronized block or method before executeAction");
    }
  }

  @Override
  public void close() {
    closed = true;
    OwnerInterrupts watch = interrupts;
    if (watch != null) {
      watch.release();
    }
  }

  /** Runs the next stretch of a virtual thread on the calling thread, the owner. */
  void run(Runnable stretch) {
    OwnerInterrupts watch = watch(Thread.currentThread());
    watch.beginSlice();
    try {
      stretch.run();
    } finally {
      watch.endSlice();
      if (closed) {
        watch.release();
      }
    }
  }

  private OwnerInterrupts watch(Thread owner) {
    OwnerInterrupts watch = interrupts;
    if (watch == null || watch.owner() != owner) {
      if (watch != null) {
        watch.release();
      }
      watch = new OwnerInterrupts(owner);
      interrupts = watch;
    }
    return watch;
  }

  boolean isClosed() {
    return closed;
  }
}
