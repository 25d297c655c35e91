// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

/** What an executor was doing at one moment. Immutable. */
public final class Gauges {
  /** How many values there are, in the order in which native code writes them. */
  public static final int COUNT = 8;

  /** An executor that does nothing. */
  public static final Gauges IDLE = new Gauges(new long[COUNT]);

  private final long[] values;

  /**
   * Takes over {@code values}.
   *
   * @param values {@link #COUNT} values in the order of the accessors below
   */
  public Gauges(long[] values) {
    if (values.length != COUNT) {
      throw new IllegalArgumentException(
          "An executor has " + COUNT + " gauges, not " + values.length);
    }
    this.values = values;
  }

  /** Calls that were submitted and whose outcome was not yet taken. */
  public long inFlight() {
    return values[0];
  }

  /** Calls that wait for a worker. */
  public long queued() {
    return values[1];
  }

  /** Calls whose supplier a worker runs. */
  public long running() {
    return values[2];
  }

  /** Sleeps that are not over. */
  public long sleeping() {
    return values[3];
  }

  /** Actions that are suspended. */
  public long suspended() {
    return values[4];
  }

  /** Worker threads alive. */
  public long workers() {
    return values[5];
  }

  /** How often the owner was woken since the executor was made. */
  public long wakeUps() {
    return values[6];
  }

  /** Deadlines and sleeps that the timer keeps. */
  public long timerEntries() {
    return values[7];
  }
}
