// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import dev.fermata.internal.strategy.BareThread;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The timer for deadlines of calls that run in place, where there may be no native engine. Its one
 * daemon thread ends a second after the last deadline was met or cancelled, and so keeps no class
 * loader; the timers of {@code CompletableFuture} keep that of their first user for ever.
 * Thread-safe.
 */
final class InPlaceDeadlines {
  private static final ScheduledThreadPoolExecutor TIMER = create();

  private InPlaceDeadlines() {}

  /** Runs {@code expiry}, which must not block, after a time, unless the future is cancelled. */
  static Future<?> schedule(Runnable expiry, long nanos) {
    return TIMER.schedule(expiry, nanos, TimeUnit.NANOSECONDS);
  }

  private static ScheduledThreadPoolExecutor create() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(1, task -> BareThread.daemon(task, "fermata-deadlines"));
    timer.setKeepAliveTime(1, TimeUnit.SECONDS);
    timer.allowCoreThreadTimeOut(true);
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }
}
