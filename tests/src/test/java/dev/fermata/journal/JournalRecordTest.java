// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.journal.JournalRecord.ActionFinished;
import dev.fermata.journal.JournalRecord.CallFinished;
import dev.fermata.journal.JournalRecord.CallStarted;
import dev.fermata.journal.JournalRecord.RecordedException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Records as values. */
class JournalRecordTest {
  @Test
  void everyRecordCrossesTheBoundaryAndEqualsItselfAlone() {
    for (JournalRecord record : Records.ALL_KINDS) {
      JournalRecord copy = FlatRecord.decode(FlatRecord.encode(record));
      assertThat(copy).isEqualTo(record).hasSameHashCodeAs(record).hasToString(record.toString());
      assertThat(Records.ALL_KINDS).containsOnlyOnce(copy);
    }
  }

  @Test
  void arraysAreCopied() {
    byte[] value = {1};
    CallFinished record = new CallFinished("a", 0, value);
    value[0] = 2;
    record.value()[0] = 3;
    assertThat(record.value()).containsExactly(1);
  }

  @Test
  void aNameThatWouldNotBeFoundAgainIsRefused() {
    assertThatThrownBy(() -> new ActionFinished("a\uD83D"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("action");
    assertThatThrownBy(() -> new CallStarted("a", 0, "\uDE00\uD83D", new byte[0]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("function");
  }

  @Test
  void itsTextTellsNothingThatUsersRecorded() {
    byte[] secret = "secret".getBytes(StandardCharsets.UTF_8);
    assertThat(new CallFinished("a", -1, secret))
        .hasToString("CallFinished(a, place 18446744073709551615, value of 6 bytes)");
    assertThat(
            new CallFinished("a", 7, new RecordedException("java.io.IOException", "secret", "s")))
        .hasToString("CallFinished(a, place 7, java.io.IOException)");
    assertThat(new ActionFinished("a")).hasToString("ActionFinished(a)");
  }
}
