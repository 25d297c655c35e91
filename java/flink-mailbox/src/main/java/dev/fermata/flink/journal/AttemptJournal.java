// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.journal;

import dev.fermata.FermataException;
import dev.fermata.journal.Journal;
import dev.fermata.journal.JournalOptions;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.Level;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.apache.flink.util.clock.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The journal of one attempt of one subtask, which begins with what earlier attempts left behind.
 *
 * <p>Those journals are removed when it has taken over from them: at once where all keys are this
 * subtask's, otherwise when a checkpoint has completed, for then all other subtasks have begun too.
 * An action that is finished is dropped when a checkpoint has completed that was taken afterwards:
 * until then a failure brings it back. One that is awaited, for an earlier attempt left it, is
 * given up with the first checkpoint that completes after the retention.
 *
 * <p>A record that cannot be written is counted, and logged once until one can be written again;
 * the job goes on. To fail it would be to lose the outcome for sure. So it is where the folder is
 * not there any more, unless another attempt has taken over.
 *
 * <p>Used on the task's thread, but for {@link #append} and the counter: any thread.
 */
public final class AttemptJournal implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AttemptJournal.class);
  private static final int HEX = 16;
  private static final int TAKE_OVER_BYTES = 4 << 20;

  /** Of a record without id and value; that of a start may have a digest. */
  private static final int RECORD_BYTES = 128;

  /** Chooses of what earlier attempts left behind what may still be asked for. */
  @FunctionalInterface
  public interface TakeOver {
    /**
     * Chooses.
     *
     * @param leftBehind as {@link LeftBehind#by} returns it
     * @return the records to begin the journal with, in order
     * @throws IOException if these are not records of this kind of journal
     */
    List<JournalRecord> select(Map<String, List<JournalRecord>> leftBehind) throws IOException;
  }

  private final JournalHome home;
  private final Path folder;
  private final Journal journal;
  private final AtomicBoolean failing = new AtomicBoolean();
  private final LongAdder failed = new LongAdder();
  private final List<JournalHome.Attempt> superseded = new ArrayList<>();
  private final Retention retention;

  /** Whether the folder was not there when a checkpoint had completed. */
  private boolean missing;

  private AttemptJournal(
      JournalHome home, Path folder, Journal journal, Duration retention, Clock clock) {
    this.home = home;
    this.folder = folder;
    this.journal = journal;
    this.retention = new Retention(retention, clock, this::isDropped);
  }

  /**
   * Makes the id of an action, by which subtasks know whose it is, whatever their number.
   *
   * @param key of the action
   * @param name unique among all attempts
   * @return the id
   */
  public static String id(Object key, String name) {
    return Integer.toHexString(key.hashCode()) + "." + name;
  }

  /**
   * Returns the name in an id.
   *
   * @param id as {@link #id} made it
   * @return the name
   */
  public static String name(String id) {
    return id.substring(id.indexOf('.') + 1);
  }

  static int keyHash(String id) {
    return Integer.parseUnsignedInt(id.substring(0, id.indexOf('.')), HEX);
  }

  /**
   * Begins a journal. What it takes over is durable when this returns.
   *
   * @param home where it is and those of earlier attempts are
   * @param previousHomes names of those of the job that the checkpoint is of; what is there stays
   * @param retention how long from now on what is awaited stays, should it not come again
   * @param clock counts that
   * @param closeTimeout the longest time that {@link #close} waits for the storage
   * @param takeOver chooses what to take over
   * @return the journal
   * @throws IOException if an earlier journal cannot be read, or this one not be written; the
   *     message says which, why, and what to do
   */
  public static AttemptJournal begin(
      JournalHome home,
      Collection<String> previousHomes,
      Duration retention,
      Clock clock,
      Duration closeTimeout,
      TakeOver takeOver)
      throws IOException {
    List<JournalHome.Attempt> attempts = new ArrayList<>();
    for (String previous : previousHomes) {
      if (!previous.equals(home.name())) {
        attempts.addAll(ofPrevious(home.named(previous)));
      }
    }
    List<JournalHome.Attempt> ofJob = earlier(home);
    attempts.addAll(ofJob);
    List<JournalRecord> records =
        takeOver.select(LeftBehind.by(attempts, id -> home.owns(keyHash(id))));
    Path folder = next(home);
    AttemptJournal begun =
        new AttemptJournal(home, folder, open(home, folder, closeTimeout), retention, clock);
    try {
      begun.takeOver(records);
    } catch (IOException | RuntimeException failed) {
      begun.close();
      remove(folder, failed);
      throw failed;
    }
    begun.supersede(ofJob);
    return begun;
  }

  private static List<JournalHome.Attempt> ofPrevious(JournalHome previous) throws IOException {
    if (!Files.isDirectory(previous.folder())) {
      LOG.warn(
          "The job that is restored kept calls in {}, which is not there: those that it made after"
              + " its checkpoint are made again",
          previous.folder());
    }
    return earlier(previous);
  }

  private static List<JournalHome.Attempt> earlier(JournalHome home) throws IOException {
    try {
      return home.earlier();
    } catch (IOException unreadable) {
      throw unusable(home, unreadable);
    }
  }

  private static Path next(JournalHome home) throws IOException {
    try {
      return home.next();
    } catch (IOException failed) {
      throw unusable(home, failed);
    }
  }

  private static Journal open(JournalHome home, Path folder, Duration closeTimeout)
      throws IOException {
    try {
      return Journal.open(
          JournalOptions.inFolder(folder)
              .closeTimeout(closeTimeout)
              .rememberUnfinished(false)
              .build());
    } catch (FermataException failed) {
      throw unusable(home, failed);
    }
  }

  /** Removes a journal that was not begun, lest every attempt that fails leaves one behind. */
  private static void remove(Path folder, Exception failure) {
    try {
      JournalHome.delete(folder);
    } catch (IOException | UncheckedIOException failed) {
      failure.addSuppressed(failed);
    }
  }

  private void takeOver(List<JournalRecord> records) throws IOException {
    try {
      long unwritten = 0;
      for (JournalRecord record : records) {
        journal.append(record, Level.MEMORY).join();
        unwritten += bytes(record);
        // All at once may be more than the journal lets wait.
        if (unwritten >= TAKE_OVER_BYTES) {
          journal.sync().join();
          unwritten = 0;
        }
      }
      journal.append(LeftBehind.BEGUN, Level.DISK).join();
    } catch (CompletionException failed) {
      throw unusable(home, failed.getCause());
    }
  }

  /** What a record takes while it waits, more or less. */
  private static long bytes(JournalRecord record) {
    byte[] value =
        record instanceof JournalRecord.CallFinished
            ? ((JournalRecord.CallFinished) record).value()
            : null;
    return RECORD_BYTES + record.action().length() + (value == null ? 0 : value.length);
  }

  private static IOException unusable(JournalHome home, Throwable failure) {
    return new IOException(
        "No call can be kept in "
            + home.folder()
            + ", which is in the folder of fermata.journal.folder: "
            + (failure instanceof IOException ? failure : failure.getMessage()),
        failure);
  }

  private void supersede(List<JournalHome.Attempt> ofJob) {
    for (JournalHome.Attempt earlier : ofJob) {
      if (earlier.isOfThisSubtaskAlone()) {
        earlier.remove();
      } else {
        superseded.add(earlier);
      }
    }
  }

  /**
   * Appends a record.
   *
   * @param record the record
   * @param level what has to have happened to it
   * @return completes when that has happened, with {@code true}; with {@code false}, never with an
   *     exception, if the record is not there. Dependents must not block
   */
  public CompletableFuture<Boolean> append(JournalRecord record, Level level) {
    CompletableFuture<Void> appended;
    try {
      appended = journal.append(record, level);
    } catch (IllegalStateException closed) {
      // The task ends, and what comes too late for it is nobody's any more.
      return CompletableFuture.completedFuture(false);
    }
    return appended.handle((done, failure) -> noted(record, failure));
  }

  private boolean noted(JournalRecord record, Throwable failure) {
    if (failure != null) {
      failed.increment();
      if (failing.compareAndSet(false, true)) {
        LOG.error(
            "A call of {} cannot be kept in {}, and perhaps more cannot. The job goes on; should it"
                + " fail before its next checkpoint, such calls are made again.",
            record.action(),
            home.folder(),
            failure);
      }
    } else if (failing.get() && failing.compareAndSet(true, false)) {
      LOG.info("Calls are kept in {} again", home.folder());
    }
    return failure == null;
  }

  /**
   * {@return how many records could not be written, and how many checkpoints completed while the
   * folder was not there}
   */
  public long failedRecords() {
    return failed.sum();
  }

  /**
   * Notes that an action of an earlier attempt, which was taken over, waits for its input.
   *
   * @param action its id
   */
  public void await(String action) {
    retention.await(action);
  }

  /**
   * Notes that the input of an action is there again: from now on it is kept until it is finished.
   *
   * @param action its id
   */
  public void cameAgain(String action) {
    retention.cameAgain(action);
  }

  /**
   * Notes that an action is finished: the next checkpoint has all that is to be known of it.
   *
   * @param action its id
   */
  public void finished(String action) {
    retention.finished(action);
  }

  /**
   * Notes that a checkpoint is taken.
   *
   * @param checkpoint its id
   */
  public void snapshot(long checkpoint) {
    retention.snapshot(checkpoint);
  }

  /**
   * Drops what no restore can ask for any more. Asks the file system, and waits until it answers.
   *
   * @param checkpoint id of a checkpoint that has completed
   * @return the actions that are given up, for their inputs have not come again
   * @throws IllegalStateException if another attempt of the same subtask has taken over from this
   *     one, though this one lives, as the checkpoint shows: another cluster runs the same job over
   *     the same folder. What was recorded before the checkpoint was taken is in the checkpoint;
   *     calls that were recorded since are made again
   */
  public Set<String> completed(long checkpoint) {
    checkFolder();
    if (!retention.covers(checkpoint)) {
      return Set.of();
    }
    superseded.forEach(JournalHome.Attempt::remove);
    superseded.clear();
    return retention.completed(checkpoint);
  }

  private void checkFolder() {
    if (!Files.notExists(folder)) {
      missing = false;
      return;
    }
    if (home.isTakenOver(folder)) {
      throw new IllegalStateException(
          "The journal "
              + folder
              + " is not there any more: another attempt of the same subtask has taken over from"
              + " this one, which goes on. Does another cluster run a job with the same id? Give"
              + " each cluster a folder of its own, or the jobs different ids");
    }
    failed.increment();
    if (!missing) {
      missing = true;
      LOG.error(
          "The journal {} is not there any more, though no other attempt has taken over from this"
              + " one: was it removed, or its storage unmounted? The job goes on; should it fail,"
              + " calls since its latest checkpoint are made again.",
          folder);
    }
  }

  /**
   * Drops an action that nobody will ask for: at once, or with a later checkpoint that completes if
   * the journal cannot take that now.
   *
   * @param action its id
   */
  public void drop(String action) {
    retention.drop(action);
  }

  private boolean isDropped(String action) {
    try {
      // At this level it is known at once.
      journal.append(new JournalRecord.ActionFinished(action), Level.MEMORY).join();
      return true;
    } catch (CompletionException | IllegalStateException refused) {
      LOG.debug("{} stays in {} for now", action, folder, refused);
      return false;
    }
  }

  @Override
  public void close() {
    try {
      journal.close();
    } catch (FermataException failed) {
      LOG.warn("The journal in {} was not closed in order", home.folder(), failed);
    }
  }
}
