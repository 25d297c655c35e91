// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.JournalRecord.ActionStarted;
import dev.fermata.journal.JournalRecord.CallFinished;
import dev.fermata.journal.JournalRecord.CallStarted;
import dev.fermata.journal.JournalRecord.ValueRecorded;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What earlier runs of an action left behind, by place: of several records of one place the last
 * one counts. Used by the action alone; shrinks as the action asks.
 */
final class History {
  private final String actionId;
  private final Map<Long, Entry> entries = new HashMap<>();
  private final boolean empty;
  private byte[] input;

  History(String actionId, List<JournalRecord> records) {
    this.actionId = actionId;
    empty = records.isEmpty();
    for (JournalRecord record : records) {
      add(record);
    }
  }

  private void add(JournalRecord record) {
    if (record instanceof ActionStarted) {
      input = ((ActionStarted) record).digest();
    } else if (record instanceof CallStarted) {
      CallStarted call = (CallStarted) record;
      Entry known = entries.get(call.place());
      // The same call, begun again by a run that did not see the outcome: that counts.
      if (known == null || !known.isCall(call.function(), call.arguments())) {
        entries.put(call.place(), new Entry(call));
      }
    } else if (record instanceof CallFinished) {
      CallFinished end = (CallFinished) record;
      entries.computeIfAbsent(end.place(), place -> new Entry()).finished = end;
    } else if (record instanceof ValueRecorded) {
      ValueRecorded value = (ValueRecorded) record;
      entries.put(value.place(), new Entry(value));
    }
  }

  /** Whether the action has never been run. */
  boolean isEmpty() {
    return empty;
  }

  /** Whether something is left that the action has not asked for. */
  boolean isReplaying() {
    return !entries.isEmpty();
  }

  /** Compares the digest of the action's input with the recorded one. */
  void input(byte[] digest) {
    if (input != null && !Arrays.equals(input, digest)) {
      throw differs(
          "an input with digest " + Digests.text(input),
          "an input with digest " + Digests.text(digest));
    }
  }

  /**
   * Takes what is recorded of a call.
   *
   * @return null if nothing is
   * @throws NonDeterministicActionException if another call, or a value, is recorded there
   */
  Entry call(long place, String function, byte[] arguments) {
    Entry entry = entries.get(place);
    if (entry != null && !entry.isCall(function, arguments)) {
      throw differs(place, entry, describeCall(function, arguments));
    }
    return entries.remove(place);
  }

  /**
   * Takes what is recorded of a value.
   *
   * @return null if nothing is
   * @throws NonDeterministicActionException if a call, or another kind of value, is recorded there
   */
  Long value(long place, ValueRecorded.Kind kind) {
    Entry entry = entries.get(place);
    if (entry == null) {
      return null;
    }
    if (entry.value == null || entry.value.kind() != kind) {
      throw differs(place, entry, describe(kind));
    }
    entries.remove(place);
    return entry.value.value();
  }

  /** Checks that the action has asked for everything. */
  void end() {
    if (isReplaying()) {
      Map.Entry<Long, Entry> first = new TreeMap<Long, Entry>(entries).entrySet().iterator().next();
      throw differs(first.getKey(), first.getValue(), "nothing: the action returned");
    }
  }

  NonDeterministicActionException differs(String recorded, String asked) {
    return new NonDeterministicActionException(actionId, recorded, asked);
  }

  private NonDeterministicActionException differs(long place, Entry entry, String asked) {
    return differs(entry + " at place " + Long.toUnsignedString(place), asked);
  }

  private static String describeCall(String function, byte[] arguments) {
    return "the call '" + function + "' with arguments of digest " + Digests.text(arguments);
  }

  private static String describe(ValueRecorded.Kind kind) {
    switch (kind) {
      case NOW:
        return "the time (now)";
      case RANDOM:
        return "random numbers (random)";
      case SLEEP:
        return "a sleep";
      case CHOSEN:
        return "the choice of a call (any)";
      default:
        throw new AssertionError(kind);
    }
  }

  /** What is recorded at one place. */
  static final class Entry {
    private final CallStarted started;
    private final ValueRecorded value;
    private CallFinished finished;

    private Entry() {
      this.started = null;
      this.value = null;
    }

    private Entry(CallStarted started) {
      this.started = started;
      this.value = null;
    }

    private Entry(ValueRecorded value) {
      this.started = null;
      this.value = value;
    }

    /** The outcome of the call, or null if it began and is not known to have ended. */
    CallFinished finished() {
      return finished;
    }

    private boolean isCall(String function, byte[] arguments) {
      return started != null
          && started.function().equals(function)
          && Arrays.equals(started.arguments(), arguments);
    }

    @Override
    public String toString() {
      if (value != null) {
        return describe(value.kind());
      }
      return started == null
          ? "the outcome of a call whose start is not recorded"
          : describeCall(started.function(), started.arguments());
    }
  }
}
