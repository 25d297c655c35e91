// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.JournalRecord.ActionFinished;
import dev.fermata.journal.JournalRecord.ActionStarted;
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
  private final ActionStarted start;
  private boolean startAppended;
  private boolean refusing;
  private CompletableFuture<Void> last = CompletableFuture.completedFuture(null);
  private boolean hasTail;
  private volatile Throwable failure;

  /**
   * Begins a run.
   *
   * @param level what outcomes have to reach
   * @param start appended before the first record of this run. An earlier run's may be lost: with a
   *     batch whose sync failed
   */
  ActionLog(CallJournal journal, Level level, ActionStarted start) {
    this.journal = journal;
    this.level = level;
    this.start = start;
  }

  /** Appends the start of the action at once: there is no record of it yet. */
  synchronized void start() {
    startAppended = true;
    appendNow(start, Level.MEMORY);
  }

  /** Appends a record; acknowledged at the action's level. */
  CompletableFuture<Void> append(JournalRecord record) {
    return append(null, record);
  }

  /** Appends two records, the first of which may be null; the second is acknowledged. */
  synchronized CompletableFuture<Void> append(JournalRecord before, JournalRecord record) {
    if (refusing) {
      return CompletableFuture.failedFuture(
          new IllegalStateException("the action has ended: " + record + " is not recorded"));
    }
    if (!startAppended) {
      start();
    }
    if (before != null) {
      appendNow(before, Level.MEMORY);
    }
    last = appendNow(record, level);
    hasTail = false;
    return last;
  }

  /** Appends a record that becomes durable with the next one at the action's level. */
  synchronized void appendLazily(JournalRecord record) {
    if (!startAppended) {
      start();
    }
    appendNow(record, Level.MEMORY);
    hasTail = true;
  }

  /** Makes durable what was appended lazily since the last outcome. */
  synchronized CompletableFuture<Void> sync() {
    if (!hasTail || level == Level.MEMORY || failure != null) {
      return CompletableFuture.completedFuture(null);
    }
    return failingWith(journal.sync());
  }

  /** From here on the outcomes of calls are not recorded: the action has ended. */
  synchronized void refuse() {
    refusing = true;
  }

  /** Completes, never exceptionally, when nothing is under way to the journal any more. */
  synchronized CompletableFuture<Void> settled() {
    return last.handle((ok, thrown) -> null);
  }

  /** Appends that the action is over. */
  synchronized void finish() {
    appendNow(new ActionFinished(start.action()), Level.MEMORY);
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
    if (failure != null) {
      return CompletableFuture.failedFuture(failure);
    }
    try {
      return failingWith(journal.append(record, to));
    } catch (RuntimeException refused) {
      fail(refused);
      return CompletableFuture.failedFuture(refused);
    }
  }

  /** The same, completed when its failure is this one's. */
  private CompletableFuture<Void> failingWith(CompletableFuture<Void> acknowledged) {
    return acknowledged.whenComplete(
        (ok, thrown) -> {
          if (thrown != null) {
            fail(thrown instanceof CompletionException ? thrown.getCause() : thrown);
          }
        });
  }
}
