// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Where a {@link Journal} is and how it works. Immutable.
 *
 * <pre>{@code
 * Journal journal = Journal.open(JournalOptions.inFolder(folder).closeTimeout(Duration.ofMinutes(1)).build());
 * }</pre>
 */
public final class JournalOptions {
  final Path folder;
  final long segmentBytes;
  final int maxRecordBytes;
  final long maxPendingBytes;
  final Duration maxDelay;
  final Duration closeTimeout;
  final boolean rememberUnfinished;

  private JournalOptions(Builder builder) {
    folder = builder.folder;
    segmentBytes = builder.segmentBytes;
    maxRecordBytes = builder.maxRecordBytes;
    maxPendingBytes = builder.maxPendingBytes;
    maxDelay = builder.maxDelay;
    closeTimeout = builder.closeTimeout;
    rememberUnfinished = builder.rememberUnfinished;
  }

  /**
   * Begins the options of a journal in a folder.
   *
   * @param folder the folder, of the default file system; made if it is not there
   * @return a builder with the defaults
   * @throws IllegalArgumentException if the folder is of another file system
   */
  public static Builder inFolder(Path folder) {
    return new Builder(folder);
  }

  /** Collects options. Not thread-safe. */
  public static final class Builder {
    private static final int MIN_SEGMENT_BYTES = 4096;
    private static final int MAX_RECORD_BYTES = 32 << 20;

    private final Path folder;
    private long segmentBytes = 64 << 20;
    private int maxRecordBytes = 16 << 20;
    private long maxPendingBytes = 64 << 20;
    private Duration maxDelay = Duration.ZERO;
    private Duration closeTimeout = Duration.ofSeconds(30);
    private boolean rememberUnfinished = true;

    private Builder(Path folder) {
      this.folder = onDisk(folder);
    }

    /**
     * Sets how large a segment may grow before the next one is begun. A segment is the unit of
     * compaction.
     *
     * @param bytes from 4,096; 64 MiB by default
     * @return this builder
     * @throws IllegalArgumentException if there are fewer
     */
    public Builder segmentBytes(long bytes) {
      check(bytes >= MIN_SEGMENT_BYTES, "segmentBytes must be 4096 or more, not %s", bytes);
      segmentBytes = bytes;
      return this;
    }

    /**
     * Sets how large a record may be. A larger one is refused.
     *
     * @param bytes from 1 to 32 MiB; 16 MiB by default
     * @return this builder
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder maxRecordBytes(int bytes) {
      boolean inRange = bytes >= 1 && bytes <= MAX_RECORD_BYTES;
      check(inRange, "maxRecordBytes must be from 1 to " + MAX_RECORD_BYTES + ", not %s", bytes);
      maxRecordBytes = bytes;
      return this;
    }

    /**
     * Sets how much may wait to be written. While more waits appends are refused.
     *
     * @param bytes at least 1; 64 MiB by default
     * @return this builder
     * @throws IllegalArgumentException if there are fewer
     */
    public Builder maxPendingBytes(long bytes) {
      check(bytes >= 1, "maxPendingBytes must be at least 1, not %s", bytes);
      maxPendingBytes = bytes;
      return this;
    }

    /**
     * Sets how long an append may wait for others to share its sync. Those that come during a sync
     * share the next one anyway, so waiting pays only where a sync costs much more than this.
     *
     * @param delay not negative; none by default
     * @return this builder
     * @throws IllegalArgumentException if it is negative
     */
    public Builder maxDelay(Duration delay) {
      check(!delay.isNegative(), "maxDelay must not be negative, but is %s", delay);
      maxDelay = delay;
      return this;
    }

    /**
     * Sets how long {@link Journal#close} waits for the storage.
     *
     * @param timeout not negative; 30 seconds by default
     * @return this builder
     * @throws IllegalArgumentException if it is negative
     */
    public Builder closeTimeout(Duration timeout) {
      check(!timeout.isNegative(), "closeTimeout must not be negative, but is %s", timeout);
      closeTimeout = timeout;
      return this;
    }

    /**
     * Sets whether the records of unfinished actions are in memory too. Without, {@link
     * Journal#records} and {@link Journal#unfinishedActions} throw {@link IllegalStateException};
     * {@link Journal#read} answers as ever. For a journal that is written for another process, and
     * whose own knows what it wrote.
     *
     * @param remember whether they are; they are by default
     * @return this builder
     */
    public Builder rememberUnfinished(boolean remember) {
      rememberUnfinished = remember;
      return this;
    }

    /**
     * Ends the options.
     *
     * @return the options
     */
    public JournalOptions build() {
      return new JournalOptions(this);
    }
  }

  /** The path as native code has to be given it. */
  static Path onDisk(Path folder) {
    check(
        folder.getFileSystem() == FileSystems.getDefault(),
        "a journal is in a folder of the default file system, which %s is not",
        folder);
    return folder.toAbsolutePath();
  }

  private static void check(boolean holds, String message, Object found) {
    if (!holds) {
      throw new IllegalArgumentException(String.format(message, found));
    }
  }
}
