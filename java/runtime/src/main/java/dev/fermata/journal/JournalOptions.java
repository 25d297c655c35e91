// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/**
 * Where a {@link Journal} is and how it works. Immutable. Keeps the credentials that it was given,
 * and shows them to nobody.
 *
 * <pre>{@code
 * Journal journal = Journal.open(JournalOptions.inFolder(folder).closeTimeout(Duration.ofMinutes(1)).build());
 * }</pre>
 */
public final class JournalOptions {
  /** Null in object storage. */
  final Path folder;

  /** Null in a folder. */
  final String url;

  /** What is null of the access to object storage is taken from the environment. */
  final String endpoint;

  final String region;
  final String accessKey;
  final String secret;
  final String sessionToken;
  final Duration patience;
  final long segmentBytes;
  final int maxRecordBytes;
  final long maxPendingBytes;
  final Duration maxDelay;
  final Duration closeTimeout;
  final boolean rememberUnfinished;

  private JournalOptions(Builder builder) {
    folder = builder.folder;
    url = builder.url;
    endpoint = builder.endpoint;
    region = builder.region;
    accessKey = builder.accessKey;
    secret = builder.secret;
    sessionToken = builder.sessionToken;
    patience = builder.patience;
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
    return new Builder(onDisk(folder), null, 64 << 20);
  }

  /**
   * Begins the options of a journal in object storage, S3 or what speaks its protocol and knows
   * conditional puts. Where it is and who may use it is taken from the usual variables of the
   * environment ({@code AWS_ENDPOINT_URL_S3} or {@code AWS_ENDPOINT_URL}, {@code AWS_REGION},
   * {@code AWS_ACCESS_KEY_ID}, {@code AWS_SECRET_ACCESS_KEY}, {@code AWS_SESSION_TOKEN}; without a
   * key from web identity, the container or the instance), unless {@link Builder#server} or {@link
   * Builder#credentials} says.
   *
   * <p>Who opens it has to be allowed to list, get, put and delete below the prefix, and nobody
   * else may remove anything there.
   *
   * @param url {@code s3://bucket/prefix}
   * @return a builder with the defaults
   */
  public static Builder inObjectStorage(String url) {
    return new Builder(null, Objects.requireNonNull(url, "url"), 16 << 20);
  }

  /** Collects options. Not thread-safe. */
  public static final class Builder {
    private static final int MIN_SEGMENT_BYTES = 4096;
    private static final int MAX_RECORD_BYTES = 32 << 20;

    private final Path folder;
    private final String url;
    private String endpoint;
    private String region;
    private String accessKey;
    private String secret;
    private String sessionToken;
    private Duration patience = Duration.ofSeconds(30);
    private long segmentBytes;
    private int maxRecordBytes = 16 << 20;
    private long maxPendingBytes = 64 << 20;
    private Duration maxDelay = Duration.ZERO;
    private Duration closeTimeout = Duration.ofSeconds(30);
    private boolean rememberUnfinished = true;

    private Builder(Path folder, String url, long segmentBytes) {
      this.folder = folder;
      this.url = url;
      this.segmentBytes = segmentBytes;
    }

    /**
     * Sets where the object storage is.
     *
     * @param endpoint {@code https://host} or {@code http://host:port}
     * @param region its region
     * @return this builder
     * @throws IllegalArgumentException if the journal is in a folder
     */
    public Builder server(String endpoint, String region) {
      checkInObjectStorage("server");
      this.endpoint = Objects.requireNonNull(endpoint, "endpoint");
      this.region = Objects.requireNonNull(region, "region");
      return this;
    }

    /**
     * Sets who uses the object storage. Without, whoever the environment says, whose keys are asked
     * for anew before they expire; these are not.
     *
     * @param accessKey the access key
     * @param secret its secret
     * @param sessionToken token of the session that the key belongs to, or null if it belongs to
     *     none
     * @return this builder
     * @throws IllegalArgumentException if the journal is in a folder; {@link Journal#open} throws
     *     it if the key or the token has a character that is not printable ASCII
     */
    public Builder credentials(String accessKey, String secret, String sessionToken) {
      checkInObjectStorage("credentials");
      this.accessKey = Objects.requireNonNull(accessKey, "accessKey");
      this.secret = Objects.requireNonNull(secret, "secret");
      this.sessionToken = sessionToken;
      return this;
    }

    /**
     * Sets how long a request is tried again while the object storage does not answer or says that
     * it is too busy, before the append, the opening or the compaction that made it fails. The last
     * try may take 20 seconds more, and each request has this patience for itself: an append makes
     * one or two, or a few where a segment begins; an opening or a compaction makes many.
     *
     * @param patience not negative; 30 seconds by default
     * @return this builder
     * @throws IllegalArgumentException if it is negative, or the journal is in a folder
     */
    public Builder patience(Duration patience) {
      checkInObjectStorage("patience");
      check(!patience.isNegative(), "patience must not be negative, but is %s", patience);
      this.patience = patience;
      return this;
    }

    private void checkInObjectStorage(String option) {
      check(
          url != null,
          option + " is an option of object storage, but the journal is in %s",
          folder);
    }

    /**
     * Sets how large a segment may grow before the next one is begun. A segment is the unit of
     * compaction.
     *
     * @param bytes from 4,096; by default 64 MiB in a folder, 16 MiB in object storage
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
     * share the next one anyway, so waiting pays only where a sync costs much more than this. In
     * object storage a put is the sync.
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
     * {@link Journal#read} of a folder answers as ever. For a journal that is written for another
     * process, and whose own knows what it wrote.
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
