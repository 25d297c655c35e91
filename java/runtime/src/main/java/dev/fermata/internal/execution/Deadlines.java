// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import java.time.Duration;
import java.util.Objects;

/** Durations as native code takes them: whole nanoseconds in a long. */
public final class Deadlines {
  private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

  private Deadlines() {}

  /** Returns the duration if it is positive. */
  static Duration check(Duration duration, String name) {
    Objects.requireNonNull(duration, name);
    if (duration.isNegative() || duration.isZero()) {
      throw new IllegalArgumentException(name + " must be positive, but is " + duration);
    }
    return duration;
  }

  /**
   * Returns the deadline of a call in nanoseconds.
   *
   * @throws IllegalArgumentException if it is not positive
   */
  public static long ofCall(Duration deadline) {
    return nanos(check(deadline, "deadline"));
  }

  /** The duration in nanoseconds; one beyond 292 years counts as 292 years. */
  public static long nanos(Duration duration) {
    return duration.compareTo(LONGEST) >= 0 ? Long.MAX_VALUE : duration.toNanos();
  }
}
