// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

/** What a {@link Journal} has done since it was opened. A snapshot. Immutable. */
public final class JournalStats {
  private final long[] figures;

  JournalStats(long[] figures) {
    this.figures = figures;
  }

  /**
   * Returns how many batches were written.
   *
   * @return batches, of any number of records
   */
  public long batches() {
    return figures[0];
  }

  /**
   * Returns how often the storage was made to write to disk.
   *
   * @return syncs of batches and of segments' ends
   */
  public long syncs() {
    return figures[1];
  }

  /**
   * Returns how many bytes were written in batches.
   *
   * @return bytes, with the overhead of the format
   */
  public long bytes() {
    return figures[2];
  }

  /**
   * Returns how many batches failed, whose callers got the error.
   *
   * @return batches
   */
  public long failedBatches() {
    return figures[3];
  }

  /**
   * Returns how many segments were begun.
   *
   * @return segments
   */
  public long segments() {
    return figures[4];
  }

  /**
   * Returns how many segments were given up because the storage failed.
   *
   * @return segments
   */
  public long abandonedSegments() {
    return figures[5];
  }
}
