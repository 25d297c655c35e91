// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import java.time.Duration;

/**
 * The deadline of a call that no executor keeps: the action looks at it while it waits. Used by the
 * action alone.
 */
final class Deadline {
  private static final Duration LONGEST = Duration.ofDays(36_500);

  private final long endNanos;
  private final Runnable expire;
  private boolean expired;

  /**
   * Begins now.
   *
   * @param limit how long, positive
   * @param expire ends the call if it is open
   */
  Deadline(Duration limit, Runnable expire) {
    Duration bounded = limit.compareTo(LONGEST) < 0 ? limit : LONGEST;
    endNanos = System.nanoTime() + bounded.toNanos();
    this.expire = expire;
  }

  /** How long there is; not positive if it has passed. */
  long restNanos() {
    return endNanos - System.nanoTime();
  }

  /** Whether the call has not been ended by this deadline. */
  boolean isOpen() {
    return !expired;
  }

  void expire() {
    expired = true;
    expire.run();
  }
}
