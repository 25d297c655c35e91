// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import dev.fermata.OwnerKind;
import java.time.Duration;
import java.util.Objects;

/**
 * What an executor was built with. Immutable; checked where it is made, so that no later step has
 * to.
 */
public final class ExecutorOptions {
  /** How many calls may wait for a worker when nothing else is said. */
  public static final int DEFAULT_QUEUE_CAPACITY = 65_536;

  /** How many calls and sleeps may be open at once when nothing else is said. */
  public static final int DEFAULT_MAX_CALLS = 1 << 20;

  private final OwnerKind ownerKind;
  private final int asyncThreads;
  private final int queueCapacity;
  private final int maxCalls;
  private final Duration keepAlive;
  private final String threadName;
  private final Duration defaultDeadline;
  private final Duration closeTimeout;
  private final Runnable waker;

  /**
   * Checks and keeps the options.
   *
   * @param ownerKind what kind of thread drives the executor
   * @param asyncThreads most worker threads, at least 1
   * @param queueCapacity most calls that wait for a worker, at least 1
   * @param maxCalls most calls and sleeps open at once, at least 1
   * @param keepAlive how long an idle worker lives, not negative
   * @param threadName prefix of thread names, not blank
   * @param defaultDeadline deadline of calls that name none, positive, or null for no deadline
   * @param closeTimeout how long {@code close()} may take, not negative
   * @param waker told when contexts became ready, or null
   * @throws IllegalArgumentException if one is out of its range; the message names it
   */
  public ExecutorOptions(
      OwnerKind ownerKind,
      int asyncThreads,
      int queueCapacity,
      int maxCalls,
      Duration keepAlive,
      String threadName,
      Duration defaultDeadline,
      Duration closeTimeout,
      Runnable waker) {
    this.ownerKind = Objects.requireNonNull(ownerKind, "ownerKind");
    this.asyncThreads = atLeastOne(asyncThreads, "asyncThreads");
    this.queueCapacity = atLeastOne(queueCapacity, "queueCapacity");
    this.maxCalls = atLeastOne(maxCalls, "maxCalls");
    this.keepAlive = notNegative(keepAlive, "keepAlive");
    this.threadName = Objects.requireNonNull(threadName, "threadName");
    if (threadName.isBlank()) {
      throw new IllegalArgumentException("threadName must not be blank");
    }
    this.defaultDeadline =
        defaultDeadline == null ? null : Deadlines.check(defaultDeadline, "defaultDeadline");
    this.closeTimeout = notNegative(closeTimeout, "closeTimeout");
    this.waker = waker;
  }

  OwnerKind ownerKind() {
    return ownerKind;
  }

  int asyncThreads() {
    return asyncThreads;
  }

  int queueCapacity() {
    return queueCapacity;
  }

  int maxCalls() {
    return maxCalls;
  }

  Duration keepAlive() {
    return keepAlive;
  }

  String threadName() {
    return threadName;
  }

  /** Returns the deadline of calls that name none in nanoseconds, or 0 for none. */
  public long defaultDeadlineNanos() {
    return defaultDeadline == null ? 0 : Deadlines.nanos(defaultDeadline);
  }

  Duration closeTimeout() {
    return closeTimeout;
  }

  Runnable waker() {
    return waker;
  }

  /**
   * A positive duration in nanoseconds.
   *
   * @throws IllegalArgumentException if it is not positive
   */
  public static long deadlineNanos(Duration deadline) {
    return Deadlines.nanos(Deadlines.check(deadline, "deadline"));
  }

  private static int atLeastOne(int value, String name) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, but is " + value);
    }
    return value;
  }

  private static Duration notNegative(Duration value, String name) {
    if (Objects.requireNonNull(value, name).isNegative()) {
      throw new IllegalArgumentException(name + " must not be negative, but is " + value);
    }
    return value;
  }
}
