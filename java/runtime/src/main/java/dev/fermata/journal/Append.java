// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

import java.util.concurrent.CompletableFuture;

/** A record on its way into a journal, or a sync, which has none; and who waits for it. */
final class Append {
  /** The record; {@code null} for a sync. */
  final JournalRecord record;

  final CompletableFuture<Void> future = new CompletableFuture<>();

  /** Guarded by {@link UnfinishedActions}. */
  boolean acknowledged;

  Append(JournalRecord record) {
    this.record = record;
  }

  boolean finishesAction() {
    return record instanceof JournalRecord.ActionFinished;
  }
}
