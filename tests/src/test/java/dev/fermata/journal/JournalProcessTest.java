// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ChildJvm;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Processes that are killed, that exit, that want the same journal, that have no library or no
 * room.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class JournalProcessTest {
  private static final int KILLS = 3;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(names = {"OS", "DISK"})
  void whatWasAcknowledgedBeforeAKillIsThereAndNothingIsInvented(Level level) throws Exception {
    long acknowledged = 0;
    for (int kill = 1; kill <= KILLS; kill++) {
      acknowledged = appendUntilKilled(level, acknowledged + 40L * kill);
      try (Journal journal = Journal.open(folder)) {
        List<JournalRecord> found = journal.records(JournalProcess.ACTION);
        assertThat(found).hasSizeGreaterThan((int) acknowledged);
        assertThat(found)
            .isEqualTo(
                LongStream.range(0, found.size())
                    .mapToObj(place -> Records.returned(JournalProcess.ACTION, place))
                    .collect(Collectors.toList()));
      }
    }
  }

  /** Returns the last place of which the process told that it was acknowledged. */
  private long appendUntilKilled(Level level, long enough) throws Exception {
    Process process = new ChildJvm().start(JournalProcess.class, folder.toString(), level.name());
    long last = -1;
    try (BufferedReader output = reader(process)) {
      for (String line = output.readLine(); !line.equals("OPENED"); line = output.readLine()) {
        assertThat(line).as("what the JVM itself has to say").doesNotContain("REFUSED");
      }
      while (last < enough) {
        last = Long.parseLong(output.readLine());
      }
      assertThatThrownBy(() -> Journal.open(folder))
          .isInstanceOfSatisfying(
              FermataException.class,
              refused -> {
                assertThat(refused.kind()).isEqualTo(ErrorKind.LOCKED);
                assertThat(refused.isRetryable()).isTrue();
                assertThat(refused).hasMessageContaining(folder.toString());
              });
      process.toHandle().destroyForcibly(); // what it wrote can still be read
      for (String line = nextLine(output); line != null; line = nextLine(output)) {
        last = Long.parseLong(line);
      }
      return last;
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  /** The next whole line, for the last may have been broken off. */
  private static String nextLine(BufferedReader output) {
    try {
      StringBuilder line = new StringBuilder();
      for (int character = output.read(); character >= 0; character = output.read()) {
        if (character == '\n') {
          return line.toString();
        }
        line.append((char) character);
      }
      return null;
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static BufferedReader reader(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @ValueSource(strings = {"return", "exit"})
  void aProcessThatEndsWithoutClosingLosesNothingThatWasAcknowledged(String end) throws Exception {
    new ChildJvm().run(JournalExit.class, folder.toString(), "20", end);
    try (Journal journal = Journal.open(folder)) {
      assertThat(journal.records(JournalExit.ACTION)).isEqualTo(large(LongStream.range(0, 20)));
    }
  }

  @Test
  void filesThatMayNotGrowFailSomeAppendsAndTheJournalGoesOn() throws Exception {
    String output =
        new ChildJvm()
            .startedBy("sh", "-c", "ulimit -f 64 && exec \"$0\" \"$@\"")
            // A copy of the library would be too large a file.
            .with("-Dfermata.native.path=" + System.getProperty("fermata.test.native.path"))
            .with("-XX:-UsePerfData")
            .run(JournalExit.class, folder.toString(), "150", "return");
    assertThat(output).contains("FAILED ");
    try (Journal journal = Journal.open(folder)) {
      assertThat(journal.records(JournalExit.ACTION)).isEqualTo(large(acknowledged(output)));
    }
  }

  private static LongStream acknowledged(String output) {
    return output
        .lines()
        .filter(line -> line.startsWith("ACKNOWLEDGED "))
        .mapToLong(line -> Long.parseLong(line.substring("ACKNOWLEDGED ".length())));
  }

  private static List<JournalRecord> large(LongStream places) {
    return places.mapToObj(JournalExit::large).collect(Collectors.toList());
  }

  @Test
  void aJournalIsOpenOnce() throws Exception {
    try (Journal journal = Journal.open(folder)) {
      assertThat(new ChildJvm().run(JournalProcess.class, folder.toString(), "DISK"))
          .contains("REFUSED LOCKED: " + folder)
          .contains("in use");
      assertThatThrownBy(() -> Journal.open(folder))
          .isInstanceOfSatisfying(
              FermataException.class,
              refused -> assertThat(refused.kind()).isEqualTo(ErrorKind.LOCKED));
      Records.await(journal.append(Records.returned("a", 0), Level.DISK));
    }
  }

  @Test
  void withoutTheNativeLibraryThereIsNoJournalAndTheRemedyIsNamed() throws Exception {
    String output =
        new ChildJvm()
            .with("-Dfermata.native=off")
            .run(JournalProcess.class, folder.toString(), "DISK");
    assertThat(output).contains("REFUSED NATIVE_LIBRARY: ").contains("Remedy: remove that option");
    assertThat(folder).isEmptyDirectory();
  }
}
