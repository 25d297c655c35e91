// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.timers;

import io.netty.util.HashedWheelTimer;
import io.netty.util.Timeout;
import io.netty.util.TimerTask;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Timers of the JVM, whose entries are objects that can be cancelled. */
final class JavaTimers<E> implements Timers {
  private final Scheduling<E> scheduling;
  private final Cancelling<E> cancelling;
  private final E[] entries;
  private volatile CountDownLatch open;

  private JavaTimers(E[] entries, Scheduling<E> scheduling, Cancelling<E> cancelling) {
    this.entries = entries;
    this.scheduling = scheduling;
    this.cancelling = cancelling;
  }

  /** One thread; what is cancelled is removed at once, as a pending entry of ours is. */
  static Timers ofJdk(int maxEntries) {
    ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1);
    executor.setRemoveOnCancelPolicy(true);
    return new JavaTimers<Future<?>>(
        new Future<?>[maxEntries],
        (nanos, due) -> executor.schedule((Callable<Void>) due::run, nanos, TimeUnit.NANOSECONDS),
        entry -> entry.cancel(false));
  }

  /** Netty's wheel with its defaults: 512 buckets, and a tick each 100 ms. */
  static Timers ofNetty(int maxEntries) {
    HashedWheelTimer wheel = new HashedWheelTimer();
    return new JavaTimers<>(
        new Timeout[maxEntries],
        (nanos, due) -> {
          TimerTask task = timeout -> due.run();
          return wheel.newTimeout(task, nanos, TimeUnit.NANOSECONDS);
        },
        Timeout::cancel);
  }

  @Override
  public void begin(int count) {
    open = new CountDownLatch(count);
  }

  @Override
  public void insert(int index, long nanos) {
    entries[index] = scheduling.schedule(nanos, this::due);
  }

  private Void due() {
    open.countDown();
    return null;
  }

  @Override
  public void cancel(int index) {
    cancelling.cancel(entries[index]);
    entries[index] = null;
  }

  @Override
  public void awaitAll() throws InterruptedException {
    if (!open.await(60, TimeUnit.SECONDS)) {
      throw new IllegalStateException("entries were lost");
    }
  }

  private interface Due {
    Void run();
  }

  private interface Scheduling<E> {
    E schedule(long nanos, Due due);
  }

  private interface Cancelling<E> {
    void cancel(E entry);
  }
}
