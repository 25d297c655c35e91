// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import java.time.Duration;
import java.util.Objects;

/**
 * How one call is made. Immutable.
 *
 * @param <T> type of the call's result
 */
public final class CallOptions<T> {
  private static final CallOptions<?> DEFAULTS = new CallOptions<>(null, null);

  private final Duration deadline;
  private final Reconciler<T> reconciler;

  private CallOptions(Duration deadline, Reconciler<T> reconciler) {
    this.deadline = deadline;
    this.reconciler = reconciler;
  }

  /**
   * Returns options with no deadline but the executor's, and no reconciler.
   *
   * @param <T> type of the call's result
   * @return the defaults
   */
  @SuppressWarnings("unchecked")
  public static <T> CallOptions<T> create() {
    return (CallOptions<T>) DEFAULTS;
  }

  /**
   * Sets the longest time of the call, the wait for a worker included. When it passes, the worker
   * is interrupted (of an asynchronous call the stage is cancelled), and the outcome of the call,
   * which is recorded as others are, is a {@link CallTimedOutException}.
   *
   * @param limit positive
   * @return options with this deadline
   * @throws IllegalArgumentException if it is not positive
   */
  public CallOptions<T> deadline(Duration limit) {
    if (limit.isZero() || limit.isNegative()) {
      throw new IllegalArgumentException("deadline must be positive, but is " + limit);
    }
    return new CallOptions<>(limit, reconciler);
  }

  /**
   * Sets who is asked about a call that began in an earlier run and whose outcome is not recorded.
   * The start of such a call is recorded before it is made, which takes one more sync. Without a
   * reconciler the call is made again.
   *
   * @param asked tells what became of the call
   * @return options with this reconciler
   */
  public CallOptions<T> reconciler(Reconciler<T> asked) {
    return new CallOptions<>(deadline, Objects.requireNonNull(asked, "asked"));
  }

  /**
   * Returns the longest time of the call.
   *
   * @return the deadline, or {@code null} for the executor's default
   */
  public Duration deadline() {
    return deadline;
  }

  /**
   * Returns who is asked about a call of an earlier run.
   *
   * @return the reconciler, or {@code null} if such a call is made again
   */
  public Reconciler<T> reconciler() {
    return reconciler;
  }
}
