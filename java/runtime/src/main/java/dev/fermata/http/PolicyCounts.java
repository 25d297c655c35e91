// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import dev.fermata.internal.http.PolicyCounters;

/**
 * What a {@link RequestPolicy} has done for a client, since that was built, or for one of its
 * hosts. A snapshot, not one atomic picture. Immutable.
 */
public final class PolicyCounts {
  private final long admitted;
  private final long waiting;
  private final long heldByRate;
  private final long retriedStatuses;
  private final long retriedFailures;
  private final long exhausted;
  private final long expired;

  PolicyCounts(PolicyCounters counters) {
    admitted = counters.admitted.sum();
    waiting = counters.waiting.get();
    heldByRate = counters.heldByRate.sum();
    retriedStatuses = counters.retriedStatuses.sum();
    retriedFailures = counters.retriedFailures.sum();
    exhausted = counters.exhausted.sum();
    expired = counters.expired.sum();
  }

  /**
   * Returns how many attempts were sent.
   *
   * @return first attempts and repetitions
   */
  public long admitted() {
    return admitted;
  }

  /**
   * Returns how many requests wait now: for a place, for a rate, or for their backoff.
   *
   * @return the number now
   */
  public long waiting() {
    return waiting;
  }

  /**
   * Returns how many attempts a rate kept waiting at the head of the queue.
   *
   * @return the number of admitted attempts that had a place and no rate
   */
  public long heldByRate() {
    return heldByRate;
  }

  /**
   * Returns how many repetitions were decided on.
   *
   * @return {@link #retriedStatuses} and {@link #retriedFailures}
   */
  public long retries() {
    return retriedStatuses + retriedFailures;
  }

  /**
   * Returns how many repetitions were decided on because of a status.
   *
   * @return the number of responses that nobody saw
   */
  public long retriedStatuses() {
    return retriedStatuses;
  }

  /**
   * Returns how many repetitions were decided on because an attempt failed.
   *
   * @return the number of failures
   */
  public long retriedFailures() {
    return retriedFailures;
  }

  /**
   * Returns how many requests were given up because all attempts were used up.
   *
   * @return the number of responses and failures of a last attempt that another would have followed
   */
  public long exhausted() {
    return exhausted;
  }

  /**
   * Returns how many requests were given up because of the deadline: it passed, or the next attempt
   * would have begun after it.
   *
   * @return the number of requests
   */
  public long expired() {
    return expired;
  }

  @Override
  public String toString() {
    return String.format(
        "admitted %d, waiting %d, held by a rate %d, retries %d (statuses %d, failures %d),"
            + " exhausted %d, expired %d",
        admitted,
        waiting,
        heldByRate,
        retries(),
        retriedStatuses,
        retriedFailures,
        exhausted,
        expired);
  }
}
