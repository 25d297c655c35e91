// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What a journal remembers of the actions that did not finish: their appends, in order, of which
 * those that were acknowledged can be seen. Thread-safe; the list of an action, and whether its
 * appends are acknowledged, is read and changed inside a computation of its entry alone.
 */
final class UnfinishedActions {
  private final Map<String, List<Append>> actions = new ConcurrentHashMap<>();
  private final boolean remembers;

  /**
   * Creates an empty memory.
   *
   * @param remembers whether it takes anything in; if not it may not be asked either
   */
  UnfinishedActions(boolean remembers) {
    this.remembers = remembers;
  }

  /** A record that an earlier process left behind. */
  void recovered(JournalRecord record) {
    Append append = new Append(record);
    began(append);
    acknowledged(append);
  }

  /** A record is about to be appended: others that are appended from now on come behind it. */
  void began(Append append) {
    if (!remembers) {
      return;
    }
    actions.compute(
        append.record.action(),
        (action, found) -> {
          List<Append> appends = found == null ? new ArrayList<>() : found;
          appends.add(append);
          return appends;
        });
  }

  /** A record is in the journal. Once an action's end is, nothing before that counts. */
  void acknowledged(Append append) {
    actions.computeIfPresent(
        append.record.action(),
        (action, appends) -> {
          append.acknowledged = true;
          if (append.finishesAction()) {
            appends.subList(0, appends.lastIndexOf(append) + 1).clear();
          }
          return orNone(appends);
        });
  }

  /** A record is not in the journal, as far as anybody can tell. */
  void failed(Append append) {
    actions.computeIfPresent(
        append.record.action(),
        (action, appends) -> {
          appends.remove(append);
          return orNone(appends);
        });
  }

  List<JournalRecord> records(String action) {
    requireMemory();
    List<JournalRecord> records = new ArrayList<>();
    actions.computeIfPresent(
        action,
        (same, appends) -> {
          for (Append append : appends) {
            if (append.acknowledged) {
              records.add(append.record);
            }
          }
          return appends;
        });
    return Collections.unmodifiableList(records);
  }

  Set<String> ids() {
    requireMemory();
    Set<String> ids = new HashSet<>();
    for (String id : actions.keySet()) {
      actions.computeIfPresent(
          id,
          (action, appends) -> {
            if (appends.stream().anyMatch(append -> append.acknowledged)) {
              ids.add(action);
            }
            return appends;
          });
    }
    return Collections.unmodifiableSet(ids);
  }

  private void requireMemory() {
    if (!remembers) {
      throw new IllegalStateException(
          "This journal was opened with rememberUnfinished(false): read it with Journal.read");
    }
  }

  private static List<Append> orNone(List<Append> appends) {
    return appends.isEmpty() ? null : appends;
  }
}
