// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * An action as a virtual thread, and the scheduler of that thread: it keeps the one task that the
 * JDK hands it until the owner runs the next slice.
 */
final class VirtualAction implements SuspendableAction, Executor {
  private final VirtualStrategy strategy;
  private final ActionSignals signals;
  private final Thread thread;
  private final AtomicReference<Runnable> task = new AtomicReference<>();

  /** Of the action alone: whether it was interrupted during the wait it is in. */
  private boolean interrupted;

  /** Of the owner, and of the action while the owner waits for it. */
  private long slices;

  private volatile boolean started;
  private volatile boolean ended;

  VirtualAction(VirtualStrategy strategy, Runnable body, ActionSignals signals) {
    this.strategy = strategy;
    this.signals = signals;
    this.thread =
        JdkVirtualThread.create(
            this,
            "fermata-action",
            () -> {
              try {
                body.run();
              } finally {
                ended = true;
              }
            });
  }

  /**
   * Called by the JDK when the thread can go on: by whatever thread unparks it. Must not reject, or
   * the thread would be lost.
   */
  @Override
  public void execute(Runnable stretch) {
    task.set(stretch);
    if (started) {
      signals.runnable();
    }
  }

  @Override
  public boolean runSlice() {
    if (!started) {
      if (strategy.isClosed()) {
        throw new IllegalStateException(
            "The executor is closed: its actions can no longer be started");
      }
      thread.setContextClassLoader(Thread.currentThread().getContextClassLoader());
      thread.start();
      started = true;
    }
    Runnable stretch = task.getAndSet(null);
    if (stretch != null) {
      slices++;
      strategy.run(stretch);
    }
    return ended;
  }

  @Override
  public boolean suspend() {
    // With its interrupt status set the thread would not park, and the caller's loop would spin.
    // An interrupt also leaves a permit, so that the first park after it returns at once.
    interrupted |= Thread.interrupted();
    LockSupport.park();
    return true;
  }

  @Override
  public void resumed() {
    if (interrupted) {
      interrupted = false;
      thread.interrupt();
    }
  }

  @Override
  public Pin pin() {
    return Pin.NONE;
  }

  /**
   * Yields, which leaves the next slice to be run whenever the owner wants to; where a native frame
   * pins the thread, that comes back in the same slice.
   */
  @Override
  public Pin trySuspend() {
    long before = slices;
    Thread.yield();
    return slices == before ? Pin.NATIVE_FRAME : Pin.NONE;
  }

  @Override
  public boolean isCurrent() {
    return Thread.currentThread() == thread;
  }

  @Override
  public void wake() {
    LockSupport.unpark(thread);
  }

  @Override
  public void interrupt() {
    thread.interrupt();
  }

  @Override
  public StackTraceElement[] stack() {
    return thread.getStackTrace();
  }
}
