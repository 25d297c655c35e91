// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import java.io.Serializable;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Predicate;

/** Which failed calls are made again, how often and when. Immutable. */
public final class RetryPolicy implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final RetryPolicy NONE = exponential(1, Duration.ZERO, Duration.ZERO);

  /** Decides by what an attempt threw. */
  @FunctionalInterface
  public interface Retryable extends Predicate<Exception>, Serializable {}

  private final int attempts;
  private final Duration firstDelay;
  private final Duration longestDelay;
  private final Retryable retryable;

  private RetryPolicy(
      int attempts, Duration firstDelay, Duration longestDelay, Retryable retryable) {
    this.attempts = attempts;
    this.firstDelay = firstDelay;
    this.longestDelay = longestDelay;
    this.retryable = retryable;
  }

  /** {@return a policy of one attempt} */
  public static RetryPolicy none() {
    return NONE;
  }

  /**
   * Returns a policy that waits twice as long before each further attempt.
   *
   * @param attempts most attempts in all, at least 1
   * @param firstDelay wait before the second attempt, not negative
   * @param longestDelay where the wait stops growing, not shorter than {@code firstDelay}
   * @return the policy, which retries after any exception
   * @throws IllegalArgumentException if an argument is out of its range
   */
  public static RetryPolicy exponential(int attempts, Duration firstDelay, Duration longestDelay) {
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts must be at least 1, but is " + attempts);
    }
    if (firstDelay.isNegative() || longestDelay.compareTo(firstDelay) < 0) {
      throw new IllegalArgumentException(
          "delays must satisfy 0 <= first <= longest, but are " + firstDelay + ", " + longestDelay);
    }
    return new RetryPolicy(attempts, firstDelay, longestDelay, failure -> true);
  }

  /**
   * Limits the policy to some failures.
   *
   * @param condition given what an attempt threw, a {@link java.util.concurrent.TimeoutException}
   *     if its deadline passed; whether to try again
   * @return a policy with this condition
   */
  public RetryPolicy onlyIf(Retryable condition) {
    Objects.requireNonNull(condition, "condition");
    return new RetryPolicy(attempts, firstDelay, longestDelay, condition);
  }

  /**
   * Tells whether there is another attempt.
   *
   * @param attempt number of the attempt that failed, from 1
   * @param failure what it threw
   * @return whether to try again
   */
  public boolean retries(int attempt, Exception failure) {
    return attempt < attempts && retryable.test(failure);
  }

  /**
   * Returns how long to wait.
   *
   * @param attempt number of the attempt that failed, from 1
   * @return the wait before the next one
   */
  public Duration delayAfter(int attempt) {
    Duration delay = firstDelay;
    for (int i = 1; i < attempt && delay.compareTo(longestDelay) < 0; i++) {
      delay = delay.multipliedBy(2);
    }
    return delay.compareTo(longestDelay) < 0 ? delay : longestDelay;
  }
}
