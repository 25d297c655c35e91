// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import java.io.Serializable;
import java.time.Duration;
import java.util.Objects;

/** Deadline and retries of one call. Immutable. */
public final class CallOptions implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final CallOptions DEFAULTS = new CallOptions(null, RetryPolicy.none());

  private final Duration deadline;
  private final RetryPolicy retry;

  private CallOptions(Duration deadline, RetryPolicy retry) {
    this.deadline = deadline;
    this.retry = retry;
  }

  /** {@return no deadline, one attempt} */
  public static CallOptions create() {
    return DEFAULTS;
  }

  /**
   * Sets the longest time of each attempt, the wait for a thread included. When it passes, the
   * thread of the call is interrupted, or the stage of an asynchronous one cancelled.
   *
   * @param limit positive
   * @return options with this deadline
   * @throws IllegalArgumentException if it is not positive
   */
  public CallOptions deadline(Duration limit) {
    if (limit.isZero() || limit.isNegative()) {
      throw new IllegalArgumentException("deadline must be positive, but is " + limit);
    }
    return new CallOptions(limit, retry);
  }

  /**
   * Sets what happens after a failed attempt.
   *
   * @param policy which failures are tried again, and when
   * @return options with this policy
   */
  public CallOptions retry(RetryPolicy policy) {
    return new CallOptions(deadline, Objects.requireNonNull(policy, "policy"));
  }

  /** {@return the longest time of each attempt, or {@code null} for no limit} */
  public Duration deadline() {
    return deadline;
  }

  /** {@return what happens after a failed attempt} */
  public RetryPolicy retry() {
    return retry;
  }
}
