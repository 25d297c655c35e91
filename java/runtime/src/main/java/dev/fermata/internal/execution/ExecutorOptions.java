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

  private ExecutorOptions(Draft draft) {
    ownerKind = Objects.requireNonNull(draft.ownerKind, "ownerKind");
    asyncThreads = atLeastOne(draft.asyncThreads, "asyncThreads");
    queueCapacity = atLeastOne(draft.queueCapacity, "queueCapacity");
    maxCalls = atLeastOne(draft.maxCalls, "maxCalls");
    keepAlive = notNegative(draft.keepAlive, "keepAlive");
    threadName = Objects.requireNonNull(draft.threadName, "threadName");
    if (threadName.isBlank()) {
      throw new IllegalArgumentException("threadName must not be blank");
    }
    defaultDeadline =
        draft.defaultDeadline == null
            ? null
            : Deadlines.check(draft.defaultDeadline, "defaultDeadline");
    closeTimeout = notNegative(draft.closeTimeout, "closeTimeout");
    waker = draft.waker;
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

  /** Options as they stand while a builder is filled in, with their defaults. Not thread-safe. */
  public static final class Draft {
    /** What kind of thread drives the executor. */
    public OwnerKind ownerKind = OwnerKind.MAILBOX;

    /** Most worker threads, at least 1. */
    public int asyncThreads = 2 * Runtime.getRuntime().availableProcessors();

    /** Most calls that wait for a worker, at least 1. */
    public int queueCapacity = DEFAULT_QUEUE_CAPACITY;

    /** Most calls and sleeps open at once, at least 1. */
    public int maxCalls = DEFAULT_MAX_CALLS;

    /** How long an idle worker lives, not negative. */
    public Duration keepAlive = Duration.ofSeconds(30);

    /** Prefix of thread names, not blank. */
    public String threadName = "fermata";

    /** Deadline of calls that name none, positive, or null for no deadline. */
    public Duration defaultDeadline;

    /** How long {@code close()} may take, not negative. */
    public Duration closeTimeout = Duration.ofSeconds(10);

    /** Told when contexts became ready, or null. */
    public Runnable waker;

    /**
     * Checks and keeps the options.
     *
     * @return the options as they stand
     * @throws IllegalArgumentException if one is out of its range; the message names it
     */
    public ExecutorOptions check() {
      return new ExecutorOptions(this);
    }
  }
}
