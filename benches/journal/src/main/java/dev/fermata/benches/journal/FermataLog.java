// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.journal;

import dev.fermata.journal.Journal;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.Level;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/** Fermata's journal: records of a thousand actions that do not end. */
final class FermataLog implements DurableLog {
  private static final int ACTIONS = 1_000;

  private final Journal journal;

  FermataLog(Path folder) {
    journal = Journal.open(folder);
  }

  /** Appends; the future completes when it is durable. */
  CompletableFuture<Void> begin(long number, byte[] result) {
    return journal.append(record(number, result), Level.DISK);
  }

  @Override
  public void append(long number, byte[] result) {
    begin(number, result).join();
  }

  @Override
  public void write(long number, byte[] result) {
    journal.append(record(number, result), Level.MEMORY).join();
  }

  @Override
  public void sync() {
    journal.sync().join();
  }

  @Override
  public long syncs() {
    return journal.stats().syncs();
  }

  @Override
  public void close() {
    journal.close();
  }

  private static JournalRecord record(long number, byte[] result) {
    return new JournalRecord.CallFinished("action-" + number % ACTIONS, number / ACTIONS, result);
  }
}
