// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

import dev.fermata.journal.JournalRecord.ActionFinished;
import dev.fermata.journal.JournalRecord.ActionStarted;
import dev.fermata.journal.JournalRecord.CallFinished;
import dev.fermata.journal.JournalRecord.CallStarted;
import dev.fermata.journal.JournalRecord.RecordedException;
import dev.fermata.journal.JournalRecord.ValueRecorded;
import dev.fermata.testing.Waiting;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Records, and how they are awaited and read. */
final class Records {
  /** Of one action that did not finish, at the ends of what can be recorded. */
  static final List<JournalRecord> ALL_KINDS =
      List.of(
          new ActionStarted("grüße-1", new byte[32]),
          new CallStarted("grüße-1", 0, "ask \uD83D\uDE00", new byte[] {-1, 0, 1}),
          new CallFinished("grüße-1", 0, new byte[100_000]),
          new CallFinished("grüße-1", 1, new byte[0]),
          new CallFinished(
              "grüße-1", -1, new RecordedException("java.io.IOException", "über", "\tat a.B")),
          new CallFinished("grüße-1", 2, new RecordedException("a.B", null, "")),
          new ValueRecorded("grüße-1", 3, ValueRecorded.Kind.NOW, Long.MIN_VALUE),
          new ValueRecorded("grüße-1", 4, ValueRecorded.Kind.RANDOM, -1),
          new ValueRecorded("grüße-1", 5, ValueRecorded.Kind.SLEEP, Long.MAX_VALUE),
          new ValueRecorded("grüße-1", 6, ValueRecorded.Kind.CHOSEN, 2));

  private Records() {}

  /** A call that returned something of its own. */
  static JournalRecord returned(String action, long place) {
    byte[] value = (action + " " + place).getBytes(StandardCharsets.UTF_8);
    return new CallFinished(action, place, value);
  }

  static JournalRecord finished(String action) {
    return new ActionFinished(action);
  }

  /** Everything that is in the journal of a folder. */
  static List<JournalRecord> read(Path folder) {
    List<JournalRecord> records = new ArrayList<>();
    Journal.read(folder, records::add);
    return records;
  }

  /** Waits for an append; throws what it failed with. */
  static void await(CompletableFuture<Void> append) {
    try {
      append.get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException failed) {
      throw new CompletionException(failed.getCause());
    } catch (InterruptedException | TimeoutException unanswered) {
      throw new AssertionError("no acknowledgement", unanswered);
    }
  }
}
