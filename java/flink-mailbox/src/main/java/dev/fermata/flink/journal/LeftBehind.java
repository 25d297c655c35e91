// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.journal;

import dev.fermata.journal.JournalRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** What earlier attempts recorded of actions that they did not finish. */
public final class LeftBehind {
  /**
   * Ends what a journal takes over from earlier ones. One without it was not begun: a part of what
   * it took over would stand for the whole.
   */
  static final JournalRecord BEGUN = new JournalRecord.ActionStarted("begun", new byte[0]);

  private final Map<String, List<JournalRecord>> records = new LinkedHashMap<>();
  private final Predicate<String> wanted;

  private LeftBehind(Predicate<String> wanted) {
    this.wanted = wanted;
  }

  /**
   * Reads journals as if they were one. What one has taken over is all that counts of those before
   * it, for the keys of its subtask.
   *
   * @param attempts whose journals, the earliest first
   * @param wanted given the id of an action, whether to keep its records
   * @return by action, in the order in which the actions were started last, what was recorded since
   *     it last finished, in order
   * @throws IOException if a journal cannot be read; the message says what to do
   */
  public static Map<String, List<JournalRecord>> by(
      List<JournalHome.Attempt> attempts, Predicate<String> wanted) throws IOException {
    LeftBehind all = new LeftBehind(wanted);
    for (JournalHome.Attempt attempt : attempts) {
      all.add(attempt);
    }
    return all.records;
  }

  private void add(JournalHome.Attempt attempt) throws IOException {
    List<JournalRecord> takenOver = new ArrayList<>();
    boolean[] begun = new boolean[1];
    attempt.read(
        record -> {
          if (begun[0]) {
            add(record);
          } else if (isBegun(record)) {
            begun[0] = true;
            // What it did not take over, or they recorded later, counts no more.
            records.keySet().removeIf(action -> attempt.owns(AttemptJournal.keyHash(action)));
            takenOver.forEach(this::add);
          } else {
            takenOver.add(record);
          }
        });
  }

  private static boolean isBegun(JournalRecord record) {
    return record instanceof JournalRecord.ActionStarted && record.action().equals(BEGUN.action());
  }

  private void add(JournalRecord record) {
    String action = record.action();
    if (!wanted.test(action)) {
      return;
    }
    if (record instanceof JournalRecord.ActionFinished) {
      records.remove(action);
      return;
    }
    List<JournalRecord> ofAction =
        record instanceof JournalRecord.ActionStarted
            ? records.remove(action)
            : records.get(action);
    if (ofAction == null) {
      ofAction = new ArrayList<>();
    }
    ofAction.add(record);
    records.put(action, ofAction);
  }
}
