// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import static dev.fermata.flink.GatedFunctions.calls;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.journal.Level;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.junit.jupiter.api.Test;

/** The folder of the journals: how it is named, and what is done if it cannot be used. */
class JournalFolderTest extends OperatorAttempts {
  @Test
  void aFolderThatCannotBeWrittenFailsTheTask() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    assertThatThrownBy(
            () -> OperatorRig.open(calls(gates), OperatorRig.options().journal(file.toString())))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("fermata.journal.folder")
        .hasMessageContaining(file.toString());
  }

  @Test
  void aDamagedJournalFailsTheTaskAndIsNamed() throws Exception {
    OperatorSubtaskState state = failBetweenCalls("a");
    Path journal = journals().get(0);
    try (Stream<Path> segments = Files.list(journal)) {
      Path segment = segments.filter(file -> file.toString().endsWith(".journal")).findAny().get();
      byte[] bytes = Files.readAllBytes(segment);
      bytes[80] ^= 1;
      Files.write(segment, bytes);
    }
    assertThatThrownBy(() -> attempt(calls(later), 1, state))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(journal.toString())
        .hasMessageContaining("move that folder away");
    assertThat(journal).exists();
  }

  @Test
  void aLevelThatOutlivesNoProcessIsRefused() {
    assertThatThrownBy(() -> options().journalLevel(Level.MEMORY).resolve(new Configuration()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("fermata.journal.level");
  }

  @Test
  void aFolderThatEachProcessWouldLookForElsewhereIsRefused() {
    for (String elsewhere : List.of("journals", "s3://bucket/journals", "file:journals")) {
      assertThatThrownBy(
              () -> OperatorRig.options().journal(elsewhere).resolve(new Configuration()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("fermata.journal.folder")
          .hasMessageContaining(elsewhere);
    }
  }

  @Test
  void aFolderMayBeNamedByItsUri() throws Exception {
    OperatorRig.open(calls(gates), OperatorRig.options().journal(folder.toUri().toString()))
        .close();
    assertThat(journals()).hasSize(1);
  }
}
