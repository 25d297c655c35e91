// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.TaskInfoImpl;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.util.clock.ManualClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What an attempt makes of it that its journal is not there any more. */
@Timeout(60)
class AttemptJournalTest {
  private static final int MAX_PARALLELISM = 128;

  private final JobID job = new JobID();
  private final OperatorID operator = new OperatorID();
  private final List<AttemptJournal> begun = new ArrayList<>();
  @TempDir private Path folder;
  private Path share;

  @BeforeEach
  void mount() throws IOException {
    share = Files.createDirectory(folder.resolve("share"));
  }

  @AfterEach
  void close() {
    begun.forEach(AttemptJournal::close);
  }

  @Test
  void anAttemptWhoseShareIsGoneGoesOnAndCountsThat() throws Exception {
    AttemptJournal attempt = attempt(1, 0);
    Path unmounted = Files.move(share, folder.resolve("unmounted"));
    complete(attempt, 1);
    complete(attempt, 2);
    assertThat(attempt.failedRecords()).isEqualTo(2);

    Files.move(unmounted, share);
    complete(attempt, 3);

    assertThat(attempt.failedRecords()).isEqualTo(2);
  }

  @Test
  void anAttemptWhoseFolderSomebodyRemovedGoesOnThoughOthersAreThere() throws Exception {
    AttemptJournal attempt = attempt(2, 0);
    Path removed = journals().get(0);
    attempt(2, 1);
    Files.move(removed, folder.resolve("removed"));

    complete(attempt, 1);

    assertThat(attempt.failedRecords()).isEqualTo(1);
  }

  @Test
  void anAttemptThatBeganAtTheSameTimeHasTakenOver() throws Exception {
    AttemptJournal attempt = attempt(1, 0);
    Path removed = journals().get(0);
    Files.createDirectory(removed.resolveSibling("00000001-groups-0-to-127-of-128-0"));
    Files.move(removed, folder.resolve("removed"));

    assertThatThrownBy(() -> complete(attempt, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(removed.toString())
        .hasMessageContaining("another cluster");
  }

  private static void complete(AttemptJournal attempt, long checkpoint) {
    attempt.snapshot(checkpoint);
    attempt.completed(checkpoint);
  }

  private AttemptJournal attempt(int parallelism, int subtask) throws IOException {
    JournalHome home =
        JournalHome.of(
            share,
            job,
            operator,
            new TaskInfoImpl("task", MAX_PARALLELISM, subtask, parallelism, 0));
    AttemptJournal attempt =
        AttemptJournal.begin(
            home,
            List.of(),
            Duration.ofHours(1),
            new ManualClock(),
            Duration.ofSeconds(10),
            leftBehind -> List.of());
    begun.add(attempt);
    return attempt;
  }

  private List<Path> journals() throws IOException {
    try (Stream<Path> journals =
        Files.list(share.resolve(job.toString()).resolve(operator.toString()))) {
      return journals.collect(Collectors.toList());
    }
  }
}
