// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.JournalRecord.ActionFinished;
import dev.fermata.journal.Level;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * What one run of an action appends to the journal. The first append that fails, or another failure
 * that no later run would see, is the end of it: nothing is recorded after it. So is the end of the
 * run, for calls that end later.
 *
 * <p>Used by the action and by the threads on which its calls end. No method blocks.
 */
final class ActionLog {
  private final CallJournal journal;
  private final Level level;
  private boolean refusing;
  private CompletableFuture<Void> settled = CompletableFuture.completedFuture(null);

  /** Whether there are records that may not be durable; the last of the run before may not be. */
  private boolean hasTail = true;

  private volatile Throwable failure;

  /**
   * Begins a run.
   *
   * @param level what outcomes have to reach
   */
  ActionLog(CallJournal journal, Level level) {
    this.journal = journal;
    this.level = level;
  }

  /** Appends a record; acknowledged at the action's level. */
  CompletableFuture<Void> append(JournalRecord record) {
    return append(null, record);
  }

  /** Appends two records, the first of which may be null; the second is acknowledged. */
  CompletableFuture<Void> append(JournalRecord before, JournalRecord record) {
    return append(before, record, false);
  }

  /**
   * As {@link #append(JournalRecord, JournalRecord)}, for a record that may be too large for the
   * journal. Then it fails on return, with {@link ErrorKind#RECORD_TOO_LARGE}, and the run goes on:
   * another record is appended in its place.
   */
  CompletableFuture<Void> appendIfItFits(JournalRecord before, JournalRecord record) {
    return append(before, record, true);
  }

  private synchronized CompletableFuture<Void> append(
      JournalRecord before, JournalRecord record, boolean replaceable) {
    if (refusing) {
      return CompletableFuture.failedFuture(
          new IllegalStateException("the action has ended: " + record + " is not recorded"));
    }
    if (before != null) {
      appendNow(before, Level.MEMORY);
    }
    if (failure != null) {
      return CompletableFuture.failedFuture(failure);
    }
    CompletableFuture<Void> acknowledged = handOver(record, level);
    if (replaceable && isTooLarge(acknowledged)) {
      return acknowledged;
    }
    hasTail = false;
    return failingWith(acknowledged);
  }

  /** Appends a record that becomes durable with the next one at the action's level. */
  synchronized void appendLazily(JournalRecord record) {
    appendNow(record, Level.MEMORY);
    hasTail = true;
  }

  /** Makes durable what was appended lazily since the last outcome. */
  synchronized CompletableFuture<Void> sync() {
    if (!hasTail || level == Level.MEMORY || failure != null) {
      return CompletableFuture.completedFuture(null);
    }
    try {
      return failingWith(journal.sync());
    } catch (Throwable refused) {
      return failingWith(CompletableFuture.failedFuture(refused));
    }
  }

  /** From here on the outcomes of calls are not recorded: the action has ended. */
  synchronized void refuse() {
    refusing = true;
  }

  /** Completes, never exceptionally, when nothing is under way to the journal any more. */
  synchronized CompletableFuture<Void> settled() {
    return settled;
  }

  /** Appends that the action is over. */
  synchronized void finish(ActionFinished end) {
    appendNow(end, Level.MEMORY);
  }

  /** Why nothing is recorded any more, or null. */
  Throwable failure() {
    return failure;
  }

  /** Ends the record with what no later run would see; the first such failure counts. */
  synchronized void fail(Throwable thrown) {
    if (failure == null) {
      failure = thrown;
    }
  }

  private CompletableFuture<Void> appendNow(JournalRecord record, Level to) {
    return failingWith(handOver(record, to));
  }

  private CompletableFuture<Void> handOver(JournalRecord record, Level to) {
    if (failure != null) {
      return CompletableFuture.failedFuture(failure);
    }
    try {
      return journal.append(record, to);
    } catch (Throwable refused) {
      return CompletableFuture.failedFuture(refused);
    }
  }

  static boolean isTooLarge(Throwable thrown) {
    return thrown instanceof FermataException
        && ((FermataException) thrown).kind() == ErrorKind.RECORD_TOO_LARGE;
  }

  private static boolean isTooLarge(CompletableFuture<Void> acknowledged) {
    return acknowledged.isCompletedExceptionally()
        && acknowledged.handle((ok, thrown) -> isTooLarge(thrown)).join();
  }

  /** The same, completed when its failure is this one's. The caller is synchronised. */
  private CompletableFuture<Void> failingWith(CompletableFuture<Void> acknowledged) {
    CompletableFuture<Void> end =
        acknowledged.whenComplete(
            (ok, thrown) -> {
              if (thrown != null) {
                fail(thrown instanceof CompletionException ? thrown.getCause() : thrown);
              }
            });
    if (!end.isDone()) {
      settled = CompletableFuture.allOf(settled, end.handle((ok, thrown) -> null));
    }
    return end;
  }
}
