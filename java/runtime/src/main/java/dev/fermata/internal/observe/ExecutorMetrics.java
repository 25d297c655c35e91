// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.AtomicHistogram;
import org.HdrHistogram.Histogram;

/**
 * What one executor has done since it was made: counters and the histogram of wait times.
 *
 * <p>Owned by the executor, which adds to it from its owner, its workers and its actions; read from
 * any thread. Holds no reference to the executor and needs 28 KB, whatever is recorded.
 */
public final class ExecutorMetrics {
  private static final long LONGEST_WAIT_MICROS = TimeUnit.DAYS.toMicros(1);

  /** Every value is kept to within 1%. */
  private static final int SIGNIFICANT_DIGITS = 2;

  private final LongAdder completed = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder cancelled = new LongAdder();
  private final LongAdder timedOut = new LongAdder();
  private final LongAdder aborted = new LongAdder();
  private final LongAdder pinned = new LongAdder();
  private final LongAdder backpressured = new LongAdder();
  private final LongAdder actionsStarted = new LongAdder();
  private final LongAdder actionsFinished = new LongAdder();
  private final LongAdder suspensions = new LongAdder();

  // Its range is fixed, so recording never allocates nor resizes, and needs no lock.
  private final AtomicHistogram waits =
      new AtomicHistogram(LONGEST_WAIT_MICROS, SIGNIFICANT_DIGITS);

  /** A call returned a value, or a sleep was over. */
  public void callCompleted() {
    completed.increment();
  }

  /** A call threw. */
  public void callFailed() {
    failed.increment();
  }

  /** A call was cancelled. */
  public void callCancelled() {
    cancelled.increment();
  }

  /** A call met its deadline before it was done. */
  public void callTimedOut() {
    timedOut.increment();
  }

  /** A call was aborted because its executor closed. */
  public void callAborted() {
    aborted.increment();
  }

  /** A call was run in place because its action could not be suspended there. */
  public void callPinned() {
    pinned.increment();
  }

  /** A call had to wait for a place in the queue or in the table of calls. */
  public void callBackpressured() {
    backpressured.increment();
  }

  /** An action began its first slice. */
  public void actionStarted() {
    actionsStarted.increment();
  }

  /** An action ended, by returning or throwing. */
  public void actionFinished() {
    actionsFinished.increment();
  }

  /** An action was suspended. */
  public void actionSuspended() {
    suspensions.increment();
  }

  /**
   * A suspended action was resumed after {@code nanos}. Waits above one day count as one day.
   *
   * @param nanos from suspension to resumption
   */
  public void waited(long nanos) {
    long micros = TimeUnit.NANOSECONDS.toMicros(Math.max(0, nanos));
    waits.recordValue(Math.min(micros, LONGEST_WAIT_MICROS));
  }

  /** Returns how many calls returned a value, sleeps included. */
  public long completedCalls() {
    return completed.sum();
  }

  /** Returns how many calls threw. */
  public long failedCalls() {
    return failed.sum();
  }

  /** Returns how many calls were cancelled. */
  public long cancelledCalls() {
    return cancelled.sum();
  }

  /** Returns how many calls met their deadline. */
  public long timedOutCalls() {
    return timedOut.sum();
  }

  /** Returns how many calls were aborted by close. */
  public long abortedCalls() {
    return aborted.sum();
  }

  /** Returns how many calls were run in place. */
  public long pinnedCalls() {
    return pinned.sum();
  }

  /** Returns how many calls had to wait for a place. */
  public long backpressuredCalls() {
    return backpressured.sum();
  }

  /** Returns how many actions began. */
  public long startedActions() {
    return actionsStarted.sum();
  }

  /** Returns how many actions ended. */
  public long finishedActions() {
    return actionsFinished.sum();
  }

  /** Returns how often an action was suspended. */
  public long suspensions() {
    return suspensions.sum();
  }

  /** Returns a copy of the wait times, in microseconds. */
  public Histogram waitMicros() {
    Histogram copy = new Histogram(LONGEST_WAIT_MICROS, SIGNIFICANT_DIGITS);
    copy.add(waits);
    return copy;
  }
}
