// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

/**
 * One action under one {@link SuspensionStrategy}: a body that runs slice by slice.
 *
 * <p>{@link #runSlice()} is called by the owner, never twice at once. {@link #suspend()}, {@link
 * #resumed()} and {@link #pin()} are called by the action itself; the rest by any thread.
 */
public interface SuspendableAction {
  /**
   * Runs the body until it suspends or ends. With nothing to run (a slice that nobody asked for)
   * returns at once.
   *
   * <p>The interrupt status of the owner is the action's during the slice where both are one thread
   * to the outside ({@code CONTINUATION}, {@code HANDOFF}): an interrupt of the owner reaches the
   * action, and is the owner's again after the slice unless the action consumed it. Under {@code
   * VIRTUAL} the action has its own status and the owner keeps its.
   *
   * @return whether the body has ended
   * @throws IllegalStateException before the first slice if the strategy is closed
   * @throws OutOfMemoryError before the first slice if the action's thread cannot be started; the
   *     body has not run then and the action may be dropped
   */
  boolean runSlice();

  /**
   * Ends the slice; returns in the next one. May return for no reason: the caller checks what it
   * waits for and calls again.
   *
   * @return {@code true} if the action was (or may have been) suspended; {@code false} if it cannot
   *     be suspended here although {@link #pin()} did not say so: nothing has happened, and the
   *     caller has to wait in place by blocking its thread, without running anything that was
   *     already submitted
   */
  boolean suspend();

  /**
   * {@link #pin()} and {@link #suspend()} in one, for an action whose owner runs the next slice
   * when it likes, without {@link #wake()}. Never returns for no reason.
   *
   * @return {@link Pin#NONE} after a suspend; else why there was none
   */
  default Pin trySuspend() {
    Pin pin = pin();
    if (pin != Pin.NONE) {
      return pin;
    }
    return suspend() ? Pin.NONE : Pin.NATIVE_FRAME;
  }

  /**
   * As {@link #trySuspend()} for code that promises to hold no monitor here: looks closely now and
   * then only, and every time as far as that is cheap.
   */
  default Pin trySuspendTrusting() {
    return trySuspend();
  }

  /**
   * Ends a wait, after its last {@link #suspend()}: an interrupt that came meanwhile to an action
   * with an interrupt status of its own shows from here on. During the wait it is put aside, for it
   * would keep the action from parking.
   */
  void resumed();

  /** Why the action must not be suspended where it stands. */
  Pin pin();

  /**
   * Whether the calling thread is running the code of this action now, and not the code of another
   * action nested in it.
   */
  boolean isCurrent();

  /**
   * Makes the action runnable under a strategy that is {@link SuspensionStrategy#resumedByUnpark()
   * resumed by unpark}, also when it blocks its owner in place; else does nothing.
   */
  void wake();

  /**
   * Interrupts the action. Never strikes code that runs on the same thread after the slice or after
   * the action. A suspended action finds its interrupt status set in its next slice, except under
   * {@code CONTINUATION}, where only a running action can be interrupted.
   */
  void interrupt();

  /** The frames of a suspended action, innermost first; empty if they cannot be seen. */
  StackTraceElement[] stack();
}
