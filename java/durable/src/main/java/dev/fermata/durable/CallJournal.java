// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import dev.fermata.journal.Journal;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.Level;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What is asked of a {@link Journal}, in its terms. */
interface CallJournal {
  /** Never blocks; its future's dependents must not either. */
  CompletableFuture<Void> append(JournalRecord record, Level level);

  CompletableFuture<Void> sync();

  /** What an unfinished action has in the journal, in order. */
  List<JournalRecord> records(String action);

  static CallJournal of(Journal journal) {
    return new CallJournal() {
      @Override
      public CompletableFuture<Void> append(JournalRecord record, Level level) {
        return journal.append(record, level);
      }

      @Override
      public CompletableFuture<Void> sync() {
        return journal.sync();
      }

      @Override
      public List<JournalRecord> records(String action) {
        return journal.records(action);
      }
    };
  }
}
