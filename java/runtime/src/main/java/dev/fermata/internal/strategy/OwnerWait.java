// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One wait of an owner for a carrier, which is reported once if it lasts longer than a limit. */
final class OwnerWait {
  private static final Logger LOG = LoggerFactory.getLogger(OwnerWait.class);

  private final long start = System.nanoTime();
  private final long limitNanos;
  private boolean warned;

  OwnerWait(long limitNanos) {
    this.limitNanos = limitNanos;
  }

  /** How long to wait before the next look. */
  long remainingNanos() {
    return warned ? Long.MAX_VALUE : Math.max(1, limitNanos - (System.nanoTime() - start));
  }

  /** Whether the limit has passed and nothing was reported yet. */
  boolean isOver() {
    return !warned && System.nanoTime() - start >= limitNanos;
  }

  /** Reports that the calling thread waits for {@code carrier}. */
  void warn(Thread carrier) {
    warned = true;
    ThreadInfo info =
        ManagementFactory.getThreadMXBean().getThreadInfo(carrier.getId(), Integer.MAX_VALUE);
    if (info == null) {
      return;
    }
    StringBuilder text = new StringBuilder();
    text.append("Thread ").append(Thread.currentThread().getName());
    text.append(" has waited ").append(TimeUnit.NANOSECONDS.toMillis(limitNanos));
    text.append(" ms for one slice of an action on ").append(info.getThreadName());
    text.append(", which is ").append(info.getThreadState());
    if (info.getLockName() != null) {
      text.append(" on ").append(info.getLockName());
    }
    if (info.getLockOwnerName() != null) {
      text.append(", owned by ").append(info.getLockOwnerName());
    }
    text.append(
        ". No other action of this owner runs meanwhile. If the lock is held by a suspended");
    text.append(" action, neither goes on: do not hold a lock across a call that suspends.");
    appendStack(text, carrier.getName(), info.getStackTrace());
    appendStack(text, Thread.currentThread().getName(), Thread.currentThread().getStackTrace());
    LOG.warn("{}", text);
  }

  private static void appendStack(StringBuilder text, String name, StackTraceElement[] stack) {
    text.append(System.lineSeparator()).append(name).append(':');
    for (StackTraceElement frame : stack) {
      text.append(System.lineSeparator()).append("\tat ").append(frame);
    }
  }
}
