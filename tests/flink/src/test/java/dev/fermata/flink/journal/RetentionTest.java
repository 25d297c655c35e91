// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.util.clock.ManualClock;
import org.junit.jupiter.api.Test;

/** When actions are dropped from a journal that may have no room for that. */
class RetentionTest {
  private static final Duration TIME = Duration.ofHours(1);

  private final ManualClock clock = new ManualClock(Duration.ofHours(9).toNanos());
  private final List<String> dropped = new ArrayList<>();
  private int room = Integer.MAX_VALUE;
  private final Retention retention = new Retention(TIME, clock, this::drop);

  @Test
  void whatIsFinishedIsDroppedWhenACheckpointOfAfterwardsHasCompleted() {
    retention.snapshot(1);
    retention.finished("action");

    retention.completed(1);
    assertThat(dropped).isEmpty();
    retention.snapshot(2);
    retention.completed(2);
    assertThat(dropped).containsExactly("action");
  }

  @Test
  void whatDoesNotComeAgainIsGivenUpWithTheFirstCheckpointAfterTheTime() {
    retention.await("absent");
    retention.await("came");
    retention.cameAgain("came");
    retention.await("finished");
    retention.finished("finished");

    clock.advanceTime(TIME.minusMillis(1));
    assertThat(retention.completed(1)).isEmpty();
    assertThat(dropped).isEmpty();
    clock.advanceTime(Duration.ofMillis(1));
    assertThat(retention.completed(2)).containsExactly("absent");
    assertThat(dropped).containsExactly("absent");
    assertThat(retention.completed(3)).isEmpty();
  }

  @Test
  void whatTheJournalHasNoRoomForIsDroppedAtALaterCheckpoint() {
    retention.await("awaited");
    clock.advanceTime(TIME);
    retention.finished("finished");
    retention.snapshot(1);
    room = 0;
    retention.drop("needless");
    assertThat(retention.completed(1)).containsExactly("awaited");
    assertThat(dropped).isEmpty();

    room = 1;
    retention.completed(2);
    assertThat(dropped).hasSize(1);
    room = Integer.MAX_VALUE;
    retention.completed(3);

    assertThat(dropped).containsExactlyInAnyOrder("awaited", "finished", "needless");
  }

  private boolean drop(String action) {
    if (room == 0) {
      return false;
    }
    room--;
    return dropped.add(action);
  }
}
