// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.JournalRecord.ActionFinished;
import dev.fermata.journal.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * A journal in memory, whose record can be cut anywhere, and that can fail or hold back
 * acknowledgements.
 */
final class RecordList implements CallJournal {
  private static final Predicate<JournalRecord> NONE = record -> false;

  private final List<JournalRecord> acknowledged = new ArrayList<>();
  private final Map<String, List<JournalRecord>> unfinished = new HashMap<>();
  private final List<JournalRecord> asked = new ArrayList<>();
  private final Map<CompletableFuture<Void>, JournalRecord> held = new LinkedHashMap<>();
  private Predicate<JournalRecord> refused = NONE;
  private Predicate<JournalRecord> holding = NONE;
  private RuntimeException failure;
  private RuntimeException syncFailure;
  private int syncs;

  /** A journal in which a crash left these. */
  static RecordList of(List<JournalRecord> records) {
    RecordList list = new RecordList();
    records.forEach(list::keep);
    return list;
  }

  /** From now on such appends fail with this. */
  synchronized void fail(Predicate<JournalRecord> which, RuntimeException thrown) {
    refused = which;
    failure = thrown;
  }

  /** From now on syncs fail with this. */
  synchronized void failSyncs(RuntimeException thrown) {
    syncFailure = thrown;
  }

  synchronized void recover() {
    refused = NONE;
    syncFailure = null;
  }

  /** From now on such appends are not acknowledged before {@link #release}. */
  synchronized void hold(Predicate<JournalRecord> which) {
    holding = which;
  }

  void release() {
    takeHeld().forEach((end, record) -> acknowledge(record, end));
  }

  /** What is held back will not be acknowledged; a crash may find it nevertheless. */
  void giveUp(RuntimeException thrown) {
    takeHeld().keySet().forEach(end -> end.completeExceptionally(thrown));
  }

  private synchronized Map<CompletableFuture<Void>, JournalRecord> takeHeld() {
    holding = NONE;
    Map<CompletableFuture<Void>, JournalRecord> taken = new LinkedHashMap<>(held);
    held.clear();
    return taken;
  }

  synchronized int held() {
    return held.size();
  }

  synchronized int syncs() {
    return syncs;
  }

  @Override
  public CompletableFuture<Void> append(JournalRecord record, Level level) {
    CompletableFuture<Void> end = new CompletableFuture<>();
    synchronized (this) {
      asked.add(record);
      if (refused.test(record)) {
        end.completeExceptionally(failure);
        return end;
      }
      if (level != Level.MEMORY && holding.test(record)) {
        held.put(end, record);
        return end;
      }
    }
    acknowledge(record, end);
    return end;
  }

  private void acknowledge(JournalRecord record, CompletableFuture<Void> end) {
    keep(record);
    end.complete(null);
  }

  private synchronized void keep(JournalRecord record) {
    acknowledged.add(record);
    if (record instanceof ActionFinished) {
      unfinished.remove(record.action());
    } else {
      unfinished.computeIfAbsent(record.action(), action -> new ArrayList<>()).add(record);
    }
  }

  @Override
  public synchronized CompletableFuture<Void> sync() {
    syncs++;
    return syncFailure == null
        ? CompletableFuture.completedFuture(null)
        : CompletableFuture.failedFuture(syncFailure);
  }

  @Override
  public synchronized List<JournalRecord> records(String action) {
    return new ArrayList<>(unfinished.getOrDefault(action, List.of()));
  }

  /** All that was acknowledged, in order. */
  synchronized List<JournalRecord> acknowledged() {
    return new ArrayList<>(acknowledged);
  }

  /** All of this kind that was appended, whether that failed or not. */
  synchronized <R extends JournalRecord> List<R> asked(Class<R> kind) {
    return asked.stream().filter(kind::isInstance).map(kind::cast).collect(Collectors.toList());
  }

  synchronized <R extends JournalRecord> List<R> acknowledged(Class<R> kind) {
    return acknowledged.stream()
        .filter(kind::isInstance)
        .map(kind::cast)
        .collect(Collectors.toList());
  }
}
