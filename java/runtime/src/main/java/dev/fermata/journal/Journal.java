// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.internal.bridge.NativeJournal;
import dev.fermata.internal.loader.NativeLibrary;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Durable call records: what actions asked for and what they got, so that nothing is paid for twice
 * when a process ends in the middle of an action.
 *
 * <pre>{@code
 * try (Journal journal = Journal.open(Path.of("/var/lib/orders/journal"))) {
 *   for (String action : journal.unfinishedActions()) {
 *     resume(action, journal.records(action));
 *   }
 *   journal.append(new JournalRecord.CallFinished("order-7", 0, reply), Level.DISK).join();
 * }
 * }</pre>
 *
 * <p>Any number of threads append; one thread writes, many records with one sync. What was appended
 * by one thread is written in its order, so a record is never there without those before it.
 * Records of finished actions are dropped by compaction, which the journal does by itself.
 *
 * <p>The records of unfinished actions are in memory too: those that {@link #open} found and those
 * that were acknowledged since. So {@link #records} answers alike before and after a restart.
 * {@link JournalOptions.Builder#rememberUnfinished} saves that memory.
 *
 * <p>One process at a time has the journal of a folder open; anybody may {@link #read} it
 * meanwhile. Thread-safe. Owns a native thread, {@code fermata-journal}, and the lock of its folder
 * until it is closed, or unreachable. A JVM that exits without closing it, or is killed, loses
 * nothing that was acknowledged at {@link Level#OS}; a machine that loses power, nothing at {@link
 * Level#DISK}.
 *
 * <p>{@linkplain JournalOptions#inObjectStorage In object storage} whoever opens a journal takes it
 * over. From then on whatever the journal that had it open would write fails with {@link
 * ErrorKind#FENCED}, on whatever machine it is, be it alive or hung, and the new one has all that
 * was acknowledged. There {@link Level#OS} is as durable as {@link Level#DISK}, and two more native
 * threads, {@code fermata-storage} and {@code fermata-storage-io}, make the requests.
 *
 * <p>Failures are {@link FermataException}s whose kind tells what may help: {@link
 * ErrorKind#NO_SPACE}, {@link ErrorKind#IO} and {@link ErrorKind#BACKPRESSURE} may pass, and the
 * journal goes on then by itself; {@link ErrorKind#DAMAGED} names the file, the byte and the
 * remedy.
 */
public final class Journal implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();

  private final UnfinishedActions actions;
  private final Acknowledgements acknowledgements;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Duration closeTimeout;
  private final long pointer;

  private Journal(JournalOptions options) {
    closeTimeout = options.closeTimeout;
    actions = new UnfinishedActions(options.rememberUnfinished);
    acknowledgements = new Acknowledgements(actions);
    long opened = options.folder == null ? openInObjectStorage(options) : openInFolder(options);
    pointer = opened;
    CLEANER.register(this, () -> NativeJournal.destroy(opened));
  }

  private long openInFolder(JournalOptions options) {
    return NativeJournal.open(
        acknowledgements,
        this::recovered,
        options.folder.toString(),
        options.segmentBytes,
        options.maxRecordBytes,
        options.maxPendingBytes,
        nanos(options.maxDelay));
  }

  private long openInObjectStorage(JournalOptions options) {
    return NativeJournal.openInObjectStorage(
        acknowledgements,
        this::recovered,
        options.url,
        new String[] {
          options.endpoint, options.region, options.accessKey, options.secret, options.sessionToken
        },
        nanos(options.patience),
        options.segmentBytes,
        options.maxRecordBytes,
        options.maxPendingBytes,
        nanos(options.maxDelay));
  }

  private void recovered(byte[] flat) {
    actions.recovered(FlatRecord.decode(flat));
  }

  /**
   * Opens the journal of a folder with default options.
   *
   * @param folder the folder; made if it is not there
   * @return the open journal
   * @throws FermataException as {@link #open(JournalOptions)}
   */
  public static Journal open(Path folder) {
    return open(JournalOptions.inFolder(folder).build());
  }

  /**
   * Opens a journal, empty if there is none. Reads it to its end first, so this may take as long as
   * that. What a crash tore off at its end, none of it acknowledged, is cut.
   *
   * <p>In a folder, a journal that another process has open is refused, and a failure leaves
   * everything as it was. In object storage the journal is taken over before it is read, whoever
   * has it open: each later append, {@link #sync}, {@link #compact} or {@link #close} there fails
   * with {@link ErrorKind#FENCED} if it has anything to write, for good. A failure may come after
   * that; nothing that was acknowledged is lost then, and whoever opens the journal next goes on
   * with it.
   *
   * @param options where it is and how it works
   * @return the open journal; whatever it remembers is durable
   * @throws IllegalArgumentException if the URL of object storage names no journal, or what the
   *     options and the environment say of it makes no sense together
   * @throws FermataException of kind {@link ErrorKind#NATIVE_LIBRARY} if there is no native library
   *     for this platform, for a journal never goes without its guarantees; {@link
   *     ErrorKind#LOCKED}, for a folder only, if a process has the journal open; {@link
   *     ErrorKind#FENCED}, in object storage only, if another one took the journal over meanwhile;
   *     {@link ErrorKind#DAMAGED} if it holds what no crash leaves behind; {@link
   *     ErrorKind#NEWER_FORMAT} if a later version wrote it; {@link ErrorKind#IO} or {@link
   *     ErrorKind#NO_SPACE} if the storage fails, {@link ErrorKind#IO} also if it cannot be reached
   *     or refuses the credentials, or if the writer that was taken over removes what it compacted
   *     just then, where another try helps; {@link ErrorKind#THREAD_SPAWN} if there is no thread
   *     for it
   */
  public static Journal open(JournalOptions options) {
    requireLibrary();
    return new Journal(options);
  }

  /**
   * Reads all records of the journal of a folder in order, those of finished actions included as
   * far as they are there. Takes no lock and changes nothing: a journal that is being written is
   * read as it is at some moment of the call.
   *
   * @param folder folder of the journal
   * @param records is given each record, on the calling thread; what it throws ends the reading and
   *     is thrown
   * @throws IllegalArgumentException if there is no such folder
   * @throws FermataException as {@link #open(JournalOptions)} of a folder, but for {@link
   *     ErrorKind#LOCKED}; what is before the damage was given to {@code records}
   */
  public static void read(Path folder, Consumer<? super JournalRecord> records) {
    requireLibrary();
    Objects.requireNonNull(records, "records");
    NativeJournal.read(
        flat -> records.accept(FlatRecord.decode(flat)), JournalOptions.onDisk(folder).toString());
  }

  /**
   * Appends a record. Never blocks.
   *
   * <p>After a failure of the storage a crash may still bring the record to light, until a later
   * append was acknowledged.
   *
   * @param record the record
   * @param level what has to have happened to it before it is acknowledged
   * @return completes when the record has reached the level, for {@link Level#MEMORY} before this
   *     returns. Completed by the journal's thread, which writes nothing meanwhile: dependents must
   *     not block. Completes with a {@link FermataException} of kind {@link
   *     ErrorKind#RECORD_TOO_LARGE}, {@link ErrorKind#BACKPRESSURE}, {@link ErrorKind#NO_SPACE},
   *     {@link ErrorKind#IO}, {@link ErrorKind#FENCED}; {@link ErrorKind#TIMED_OUT} if {@link
   *     #close} gave it up; or {@link ErrorKind#CLOSED} or {@link ErrorKind#BOUNDARY} after a
   *     defect of Fermata, which is logged. Cancelling it does not take the record back
   * @throws IllegalStateException if the journal is closed
   */
  public CompletableFuture<Void> append(JournalRecord record, Level level) {
    byte[] flat = FlatRecord.encode(record);
    Append append = new Append(record);
    long token = level == Level.MEMORY ? NativeJournal.NOBODY : acknowledgements.await(append);
    actions.began(append);
    boolean taken =
        hand(append, token, () -> NativeJournal.append(pointer, flat, level.ordinal(), token));
    if (taken && token == NativeJournal.NOBODY) {
      acknowledgements.succeeded(append);
    }
    return append.future;
  }

  /**
   * Makes durable whatever was appended before, at whatever level. Never blocks.
   *
   * @return completes when everything is durable, or fails, as that of {@link #append}
   * @throws IllegalStateException if the journal is closed
   */
  public CompletableFuture<Void> sync() {
    Append sync = new Append(null);
    long token = acknowledgements.await(sync);
    hand(sync, token, () -> NativeJournal.sync(pointer, token));
    return sync.future;
  }

  /** Hands an append or a sync to native code; whether that took it. */
  private boolean hand(Append append, long token, Runnable over) {
    try {
      over.run();
      return true;
    } catch (FermataException refused) {
      acknowledgements.refused(token, append, refused);
      return false;
    } catch (RuntimeException | Error thrown) {
      acknowledgements.refused(token, append, thrown);
      throw thrown;
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /**
   * Returns what an action left behind, in this process or in one before: its acknowledged records,
   * in the order in which they were appended, since it last finished. Works on a closed journal
   * too.
   *
   * @param action id of the action
   * @return a snapshot; empty if the action is unknown or finished
   * @throws IllegalStateException if it was opened not to {@link
   *     JournalOptions.Builder#rememberUnfinished remember} them
   */
  public List<JournalRecord> records(String action) {
    return actions.records(action);
  }

  /**
   * Returns the actions that have records and did not finish.
   *
   * @return a snapshot of their ids
   * @throws IllegalStateException if it was opened not to {@link
   *     JournalOptions.Builder#rememberUnfinished remember} them
   */
  public Set<String> unfinishedActions() {
    return actions.ids();
  }

  /**
   * Returns what the journal has done.
   *
   * @return a snapshot
   * @throws IllegalStateException if the journal is closed
   */
  public JournalStats stats() {
    long[] figures = new long[NativeJournal.STATS];
    try {
      NativeJournal.stats(pointer, figures);
    } finally {
      Reference.reachabilityFence(this);
    }
    return new JournalStats(figures);
  }

  /**
   * Drops the records of finished actions from all segments that are written no more, and merges
   * these into one. Blocks, perhaps for long; appends go on meanwhile. The journal does this by
   * itself when it is worth while.
   *
   * @throws IllegalStateException if the journal is closed, or is meanwhile
   * @throws FermataException if the storage fails, of kind {@link ErrorKind#FENCED} if another
   *     process has taken the journal over; nothing is lost then
   */
  public void compact() {
    try {
      NativeJournal.compact(pointer);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /**
   * Closes the journal: refuses further appends, writes those that were taken, ends its threads and
   * releases the folder. Waits for that, {@link JournalOptions.Builder#closeTimeout} at most,
   * whether the thread is interrupted or not; it must not be called on the journal's own thread.
   * Idempotent.
   *
   * @throws FermataException if the storage failed; of kind {@link ErrorKind#FENCED} if another
   *     process has taken the journal over; of kind {@link ErrorKind#TIMED_OUT} if the storage did
   *     not answer in time: what is not acknowledged then fails, and may be in the journal
   *     nevertheless. The journal is closed all the same, and what was acknowledged is safe
   */
  @Override
  public void close() {
    if (acknowledgements.isOwnThread()) {
      throw new IllegalStateException(
          "The journal's own thread would wait for itself: close the journal on another thread");
    }
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try {
      NativeJournal.close(pointer, nanos(closeTimeout));
    } catch (FermataException failed) {
      if (failed.kind() == ErrorKind.TIMED_OUT) {
        acknowledgements.abandon(failed);
      }
      throw failed;
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  private static void requireLibrary() {
    NativeLibrary.Status library = NativeLibrary.load();
    if (!library.isLoaded()) {
      throw new FermataException(
          ErrorKind.NATIVE_LIBRARY,
          "A journal needs the native library, which is not loaded: "
              + library.reason()
              + ". Remedy: "
              + library.remedy());
    }
  }

  private static long nanos(Duration duration) {
    try {
      return duration.toNanos();
    } catch (ArithmeticException longerThanAnyProgram) {
      return Long.MAX_VALUE;
    }
  }
}
