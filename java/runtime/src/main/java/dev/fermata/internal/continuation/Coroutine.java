// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.continuation;

import dev.fermata.Strategy;
import dev.fermata.internal.strategy.Pin;
import dev.fermata.internal.strategy.Strategies;
import dev.fermata.internal.strategy.SuspendableAction;
import dev.fermata.internal.strategy.SuspensionStrategy;
import java.util.concurrent.locks.LockSupport;

/**
 * A body that runs slice by slice, each while its caller waits for it. {@link #run()} is called by
 * one thread at a time, any; {@link #suspend} by the body.
 *
 * <p>No slice runs on a virtual thread. One cannot be the scheduler of another; and a continuation
 * on top of that of a virtual thread is what the JDK would suspend in its place, so that code which
 * blocks where it cannot be suspended, under a monitor say, would fail in place of blocking.
 */
public class Coroutine {
  final SuspensionStrategy strategy;
  final SuspendableAction action;

  private Coroutine(SuspensionStrategy strategy, Runnable body) {
    this.strategy = strategy;
    action =
        strategy.resumedByUnpark()
            ? strategy.start(() -> runAndLeave(body), this::runnable)
            : strategy.start(body, null);
  }

  /** A body under a strategy; it must not throw. Nothing runs yet. */
  static Coroutine of(SuspensionStrategy strategy, Runnable body) {
    return strategy.kind() == Strategy.VIRTUAL
        ? new OnVirtualThread(strategy, body)
        : new Coroutine(strategy, body);
  }

  /**
   * Runs the body until it suspends or ends.
   *
   * @return whether it has ended
   * @throws OutOfMemoryError if a thread for it cannot be started: nothing has run
   */
  public final boolean run() {
    if (strategy.kind() == Strategy.HANDOFF || !Strategies.isVirtual(Thread.currentThread())) {
      return slice();
    }
    CarriedSlice carried = new CarriedSlice(this::slice);
    Coroutines.by(Strategy.HANDOFF).create(carried).run();
    return carried.hasEnded();
  }

  /** Runs the next slice; by a platform thread unless the body has a carrier of its own. */
  boolean slice() {
    return action.runSlice();
  }

  /** Whether the calling thread holds a monitor that a suspend would take away from it. */
  public boolean endangersCaller() {
    return strategy.endangersOwner();
  }

  /**
   * Ends the slice and returns in the next one, or returns why it cannot.
   *
   * @param trusting whether the code promises to hold no monitor
   */
  public Pin suspend(boolean trusting) {
    return trusting ? action.trySuspendTrusting() : action.trySuspend();
  }

  /** Whether the calling thread is running this body, and not that of another in it. */
  public boolean isCurrent() {
    return action.isCurrent();
  }

  /** Which strategy it has. */
  public Strategy strategy() {
    return strategy.kind();
  }

  private void runAndLeave(Runnable body) {
    body.run();
    leave();
  }

  void runnable() {}

  /** The body suspends or ends. */
  void leave() {}

  /** The next slice of an action whose caller is the scheduler of its thread. */
  private static final class OnVirtualThread extends Coroutine {
    private volatile Thread caller;
    private volatile boolean runnable;
    private boolean atRest;

    /** Whether the body got an interrupt of the caller, and has not consumed it. */
    private boolean interrupted;

    OnVirtualThread(SuspensionStrategy strategy, Runnable body) {
      super(strategy, body);
    }

    @Override
    void runnable() {
      runnable = true;
      LockSupport.unpark(caller);
    }

    @Override
    boolean slice() {
      caller = Thread.currentThread();
      runnable = false;
      try {
        while (true) {
          if (action.runSlice()) {
            strategy.close();
            return true;
          }
          if (atRest) {
            return false;
          }
          // The body waits for something else: so does its caller.
          while (!runnable) {
            LockSupport.park(this);
            if (Thread.interrupted()) {
              interrupted = true;
              action.interrupt();
            }
          }
          runnable = false;
        }
      } finally {
        caller = null;
        if (interrupted) {
          interrupted = false;
          Thread.currentThread().interrupt();
        }
      }
    }

    @Override
    void leave() {
      interrupted = interrupted && Thread.interrupted();
    }

    @Override
    public Pin suspend(boolean trusting) {
      leave();
      atRest = true;
      Pin pin = action.trySuspend();
      atRest = false;
      return pin;
    }
  }
}
