// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.bridge;

import dev.fermata.ErrorKind;
import dev.fermata.FermataException;

/**
 * The functions of the native library for journals. They are bound when the library is loaded;
 * before that, and without it, each throws {@link UnsatisfiedLinkError}.
 *
 * <p>A <em>journal</em> is what {@link #open} or {@link #openInObjectStorage} returned: where its
 * segments are, and its threads. It stays valid until {@link #destroy}, also after {@link #close}.
 * {@code 0} is refused with {@link IllegalStateException}; any other number that is no live journal
 * is undefined behaviour, so nothing but its one Java owner may hold it.
 *
 * <p>Records cross the boundary in a form of their own, which {@code
 * dev.fermata.journal.FlatRecord} and {@code flat_record.rs} know. A <em>token</em> names an append
 * or a sync until it was told of.
 *
 * <p>Every function may be called from any thread. Errors arrive as {@link FermataException#of}
 * maps them; a panic of native code arrives as {@link FermataException} of kind {@link
 * ErrorKind#BOUNDARY}.
 */
public final class NativeJournal {
  /** The token of an append of which nobody is told: it is acknowledged when it returns. */
  public static final long NOBODY = 0;

  /** Number of entries that {@link #stats} writes. */
  public static final int STATS = 6;

  private NativeJournal() {}

  /**
   * Opens the journal of a folder, which is made if it is not there, and reads it. Blocks.
   *
   * @param upcalls is told of appends and syncs
   * @param records is given what the journal remembers
   * @param folder absolute path of the folder
   * @param segmentBytes how large a segment may grow, from 4,096
   * @param maxRecordBytes how large a record may be, to 32 MiB
   * @param maxPendingBytes how many bytes may wait to be written
   * @param maxDelayNanos how long an append may wait for others to share its sync
   * @return the journal
   * @throws IllegalArgumentException if a number is out of its range
   * @throws FermataException if the journal cannot be opened; nothing was changed
   */
  public static native long open(
      JournalUpcalls upcalls,
      RecordSink records,
      String folder,
      long segmentBytes,
      int maxRecordBytes,
      long maxPendingBytes,
      long maxDelayNanos);

  /**
   * Opens a journal in object storage, where it takes over from any other, and reads it. Blocks.
   *
   * @param upcalls is told of appends and syncs
   * @param records is given what the journal remembers
   * @param url {@code s3://bucket/prefix}
   * @param access URL of the server, region, access key, its secret, and token of its session; what
   *     is null is taken from the environment
   * @param patienceNanos how long a request is tried again
   * @param segmentBytes how large a segment may grow, from 4,096
   * @param maxRecordBytes how large a record may be, to 32 MiB
   * @param maxPendingBytes how many bytes may wait to be written
   * @param maxDelayNanos how long an append may wait for others to share its put
   * @return the journal
   * @throws IllegalArgumentException if a number is out of its range, the URL names no journal, or
   *     what is needed for access is there in part only
   * @throws FermataException if the journal cannot be opened; it may have taken over nevertheless
   */
  public static native long openInObjectStorage(
      JournalUpcalls upcalls,
      RecordSink records,
      String url,
      String[] access,
      long patienceNanos,
      long segmentBytes,
      int maxRecordBytes,
      long maxPendingBytes,
      long maxDelayNanos);

  /**
   * Reads the journal of a folder without a lock, and changes nothing. Blocks.
   *
   * @param records is given each record
   * @param folder absolute path of the folder
   * @throws IllegalArgumentException if there is no such folder
   * @throws FermataException if the journal cannot be read to its end
   */
  public static native void read(RecordSink records, String folder);

  /**
   * Appends a record.
   *
   * @param journal the journal
   * @param record the record
   * @param level when it is acknowledged: 0 when this returns, 1 when the operating system has it,
   *     2 when it is durable
   * @param token its name, which no other append or sync may have until it was told of; {@link
   *     #NOBODY} at level 0
   * @throws IllegalArgumentException if the level or the record is none
   * @throws IllegalStateException if the journal is closed
   * @throws FermataException if the record is refused, of kind {@link ErrorKind#RECORD_TOO_LARGE}
   *     or {@link ErrorKind#BACKPRESSURE}; nobody is told of it then
   */
  public static native void append(long journal, byte[] record, int level, long token);

  /**
   * Makes durable whatever was appended before.
   *
   * @param journal the journal
   * @param token its name, as for {@link #append}
   * @throws IllegalStateException if the journal is closed
   */
  public static native void sync(long journal, long token);

  /**
   * Drops the records of finished actions from what is written no more. Blocks.
   *
   * @param journal the journal
   * @throws IllegalStateException if the journal is closed, or is meanwhile
   * @throws FermataException if the storage fails
   */
  public static native void compact(long journal);

  /**
   * Tells what the journal has done since it was opened.
   *
   * @param journal the journal
   * @param into receives at 0 batches, 1 syncs, 2 bytes, 3 batches that failed, 4 segments, 5
   *     segments that were given up
   * @throws IllegalArgumentException if the array is shorter than {@link #STATS}
   * @throws IllegalStateException if the journal is closed
   */
  public static native void stats(long journal, long[] into);

  /**
   * Closes the journal: what was appended is written, the thread ends, and the folder is released.
   * Blocks until then. Idempotent.
   *
   * @param journal the journal
   * @param patienceNanos how long to wait
   * @throws FermataException if the end could not be written; of kind {@link ErrorKind#TIMED_OUT}
   *     if the storage did not answer in time: the thread ends when it does
   */
  public static native void close(long journal, long patienceNanos);

  /**
   * Closes the journal if need be, without waiting, and frees it. Only for a {@code Cleaner}, when
   * no Java object can call any more.
   *
   * @param journal the journal, invalid from now on
   */
  public static native void destroy(long journal);

  /** Called by native code to report an error of its own. */
  private static RuntimeException exception(String kindName, String message) {
    return FermataException.of(ErrorKind.ofNativeName(kindName), message);
  }
}
