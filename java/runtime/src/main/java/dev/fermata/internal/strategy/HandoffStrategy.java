// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import dev.fermata.Strategy;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs each action on a carrier thread of its own while the owner waits: always exactly one of the
 * two runs. Owns the carrier threads: daemons named {@code fermata-carrier-<n>} that serve one
 * action after another and end after 60 seconds without one, or on {@link #close()}.
 */
final class HandoffStrategy implements SuspensionStrategy {
  private static final long KEEP_ALIVE_SECONDS = 60;
  private static final AtomicInteger CARRIERS = new AtomicInteger();

  private final MonitorGuard guard;
  private final long ownerWaitLimitNanos;
  private final ThreadPoolExecutor carriers =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE,
          KEEP_ALIVE_SECONDS,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          serving -> BareThread.daemon(serving, "fermata-carrier-" + CARRIERS.incrementAndGet()));

  /**
   * @param guard sees the monitors of an action: another action that wants one of them would stop
   *     the owner for good; {@code null} where each owner has one action
   * @param ownerWaitLimit how long the owner waits for one slice before a warning is logged
   */
  HandoffStrategy(MonitorGuard guard, Duration ownerWaitLimit) {
    this.guard = guard;
    this.ownerWaitLimitNanos = ownerWaitLimit.toNanos();
  }

  @Override
  public Strategy kind() {
    return Strategy.HANDOFF;
  }

  @Override
  public boolean resumedByUnpark() {
    return false;
  }

  @Override
  public SuspendableAction start(Runnable body, ActionSignals signals) {
    return new HandoffAction(this, body);
  }

  @Override
  public void close() {
    carriers.shutdown();
  }

  /** Why the calling action must not be suspended; native frames are no obstacle to a thread. */
  Pin pin() {
    return guard == null ? Pin.NONE : guard.look(false);
  }

  long ownerWaitLimitNanos() {
    return ownerWaitLimitNanos;
  }

  /** Runs the code of an action on a carrier. */
  void carry(Runnable code) {
    try {
      carriers.execute(code);
    } catch (RejectedExecutionException closed) {
      throw new IllegalStateException(
          "The executor is closed: its actions can no longer be started", closed);
    }
  }
}
