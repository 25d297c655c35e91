// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import static dev.fermata.flink.GatedFunctions.calls;
import static dev.fermata.flink.GatedFunctions.returning;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.journal.Journal;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What becomes of the journals of earlier attempts, of other subtasks, and of attempts that do not
 * know yet that they have ended.
 */
class JournalAttemptsTest extends OperatorAttempts {
  @Test
  void recordsGoWhereTheirKeysGo() throws Exception {
    String[] keys = {"a", "b", "c", "d", "e", "f", "g", "h"};
    OperatorSubtaskState state = failBetweenCalls(keys);
    for (int subtask = 0; subtask < 3; subtask++) {
      try (OperatorRig rig = scaled(later, 1, state, 1, 3, subtask)) {
        int sent = 0;
        for (String key : keys) {
          if (rig.ownsKey(key)) {
            rig.send(key, 1, 1);
            later.open(key + "1second", "2");
            sent++;
          }
        }
        rig.runUntilOutput(sent);
      }
    }
    assertThat(later.made).hasSize(keys.length).allMatch(call -> call.endsWith("second"));
    try (OperatorRig rig = scaled(last, 1, state, 1, 1, 0)) {
      for (String key : keys) {
        rig.send(key, 1, 1);
      }
      rig.runUntilOutput(keys.length);
    }
    assertThat(last.made).isEmpty();
  }

  private OperatorRig scaled(
      Gates calls, long checkpoint, OperatorSubtaskState state, int from, int to, int subtask)
      throws Exception {
    return OperatorRig.restore(
        calls(calls, "first", "second"), options(), job, checkpoint, state, from, to, subtask);
  }

  @Test
  void aJobWithAnotherIdFindsTheCallsByItsCheckpoint() throws Exception {
    OperatorSubtaskState state = failBetweenCalls("a");
    later.open("a1second", "2");
    try (OperatorRig rig =
        OperatorRig.restore(
            calls(later, "first", "second"), options(), new JobID(), 1, state, 1, 1, 0)) {
      rig.send("a", 1, 1).runUntilOutput(1);
    }
    assertThat(later.made).containsExactly("a1second");
  }

  @Test
  void elsewhereTheCallsAreMadeAgain(@TempDir Path elsewhere) throws Exception {
    OperatorSubtaskState state = failBetweenCalls("a");
    Files.move(folder.resolve(job.toString()), elsewhere.resolve("moved"));
    later.open("a1first", "1").open("a1second", "2");
    try (OperatorRig rig =
        OperatorRig.restore(
            calls(later, "first", "second"),
            OperatorRig.options().journal(elsewhere.toString()),
            new JobID(),
            1,
            state,
            1,
            1,
            0)) {
      rig.send("a", 1, 1).runUntilOutput(1);
    }
    assertThat(later.made).containsExactly("a1first", "a1second");
  }

  @Test
  void aJournalHoldsNoMoreThanIsNeeded() throws Exception {
    OperatorSubtaskState state = failBetweenCalls("a", "b");
    assertThat(journals()).hasSize(1);
    later.open("a1second", "2").open("b1second", "2");
    try (OperatorRig rig = attempt(calls(later, "first", "second"), 1, state)) {
      assertThat(journals()).hasSize(1);
      rig.send("a", 1, 1).send("b", 1, 1).runUntilOutput(2);
      state = rig.harness.snapshot(2, 2);
      rig.harness.notifyOfCompletedCheckpoint(2);
    }
    attempt(calls(last, "first", "second"), 2, state).close();
    assertThat(journals()).hasSize(1);
    assertThat(finishedCalls()).isZero();
  }

  @Test
  void journalsOfOthersStayUntilTheyHaveRestored() throws Exception {
    OperatorSubtaskState state = failBetweenCalls("a");
    try (OperatorRig rig = scaled(later, 1, state, 1, 2, 0)) {
      assertThat(journals()).hasSize(2);
      rig.harness.snapshot(2, 2);
      rig.harness.notifyOfCompletedCheckpoint(2);
      assertThat(journals()).hasSize(1);
    }
  }

  @Test
  void anAttemptThatGoesOnAfterItsEndDoesNoHarm() throws Exception {
    try (OperatorRig zombie = attempt(calls(gates, "first", "second"), 0, null)) {
      zombie.send("a", 1, 1);
      gates.open("a1first", "1");
      runUntilMade(zombie, gates, "a1second");
      later.open("a1second", "2");
      try (OperatorRig rig = attempt(calls(later, "first", "second"), 0, null)) {
        gates.open("a1second", "3");
        zombie.runUntilOutput(1);
        rig.send("a", 1, 1).runUntilOutput(1);
        assertThat(rig.output()).containsExactly("a1 1 2");
      }
    }
    try (OperatorRig rig = attempt(calls(last, "first", "second"), 0, null)) {
      rig.send("a", 1, 1).runUntilOutput(1);
      assertThat(rig.output()).containsExactly("a1 1 2");
    }
    assertThat(last.made).isEmpty();
  }

  @Test
  void anAttemptThatEndedBeforeItHadBegunCountsForNothing() throws Exception {
    OperatorSubtaskState state = failBetweenCalls("a");
    Path begun = journals().get(0);
    List<String> actions = new ArrayList<>();
    Journal.read(begun, record -> actions.add(record.action()));
    try (Journal half =
        Journal.open(begun.resolveSibling("00000002-groups-0-to-127-of-128-0a1b2c3d"))) {
      for (String action : actions) {
        half.append(new JournalRecord.ActionFinished(action), Level.DISK).join();
      }
    }
    later.open("a1second", "2");
    try (OperatorRig rig = attempt(calls(later, "first", "second"), 1, state)) {
      rig.send("a", 1, 1).runUntilOutput(1);
    }
    assertThat(later.made).containsExactly("a1second");
    assertThat(journals()).hasSize(1);
  }

  @Test
  void anAttemptThatGoesOnOverAJournalThatStaysDoesNoHarm() throws Exception {
    int owner = KeyGroupRangeAssignment.assignKeyToParallelOperator("a", 128, 2);
    try (OperatorRig zombie = attempt(calls(gates, "first", "second", "third"), 0, null)) {
      zombie.send("a", 1, 1);
      gates.open("a1first", "1");
      runUntilMade(zombie, gates, "a1second");
      later.open("a1other", "3");
      try (OperatorRig rig = half(calls(later, "other", "second"), owner)) {
        rig.send("a", 1, 1);
        runUntilMade(rig, later, "a1second");
      }
      gates.open("a1second", "2");
      runUntilMade(zombie, gates, "a1third");
    }
    last.open("a1second", "4");
    try (OperatorRig rig = half(calls(last, "other", "second"), owner)) {
      rig.send("a", 1, 1).runUntilOutput(1);
      assertThat(rig.output()).containsExactly("a1 3 4");
    }
  }

  /** One of two subtasks, before the first checkpoint. */
  private OperatorRig half(
      DurableFunction<String, Tuple2<String, Integer>, String> function, int subtask)
      throws Exception {
    return OperatorRig.restore(function, options(), job, 0, null, 1, 2, subtask);
  }

  @Test
  void anElementWhoseJournalIsGoneIsKnownToTheNextOne(@TempDir Path elsewhere) throws Exception {
    OperatorSubtaskState state;
    try (OperatorRig rig = attempt(calls(gates, "first", "second"), 0, null)) {
      rig.send("a", 1, 1);
      state = rig.harness.snapshot(1, 1);
      rig.harness.notifyOfCompletedCheckpoint(1);
    }
    Files.move(journals().get(0), elsewhere.resolve("moved"));
    later.open("a1first", "1");
    try (OperatorRig rig = attempt(calls(later, "first", "second"), 1, state)) {
      runUntilMade(rig, later, "a1second");
    }
    last.open("a1second", "2");
    try (OperatorRig rig = attempt(calls(last, "first", "second"), 1, state)) {
      rig.runUntilOutput(1);
      assertThat(rig.output()).containsExactly("a1 1 2");
    }
    assertThat(last.made).containsExactly("a1second");
  }

  @Test
  void callsOfNobodyKnowsWhichElementAreInNobodysWay() throws Exception {
    failBetweenCalls("a");
    try (Journal journal = Journal.open(journals().get(0))) {
      journal
          .append(new JournalRecord.CallFinished("61.lost", 0, new byte[] {1}), Level.DISK)
          .join();
    }
    later.open("a1second", "2");
    try (OperatorRig rig = attempt(calls(later, "first", "second"), 0, null)) {
      rig.send("a", 1, 1).runUntilOutput(1);
    }
    assertThat(later.made).containsExactly("a1second");
  }

  @Test
  void moreIsTakenOverThanMayWaitToBeWritten() throws Exception {
    int megabytes = 9;
    gates.open("second");
    try (OperatorRig rig = attempt(returning(megabytes << 20, gates), 0, null)) {
      for (int number = 1; number <= megabytes; number++) {
        rig.send("a", number, number).runUntilOutput(number);
      }
    }
    try (OperatorRig rig = attempt(returning(-1, later), 0, null)) {
      for (int number = 1; number <= megabytes; number++) {
        rig.send("a", number, number).runUntilOutput(number);
      }
    }
    assertThat(later.made).isEmpty();
  }

  @Test
  void callsOfElementsThatDoNotComeAgainAreDroppedAfterAWhile() throws Exception {
    OperatorSubtaskState state = failBetweenCalls("a");
    DurableOptions<Tuple2<String, Integer>> impatient = options().journalRetention(Duration.ZERO);
    OperatorRig.restore(calls(later), impatient, job, 1, state, 1, 1, 0).close();
    try (OperatorRig rig = OperatorRig.restore(calls(later), impatient, job, 1, state, 1, 1, 0)) {
      assertThat(finishedCalls()).isEqualTo(1);
      state = rig.harness.snapshot(2, 2);
      rig.harness.notifyOfCompletedCheckpoint(2);
    }
    attempt(calls(later), 2, state).close();
    assertThat(finishedCalls()).isZero();
  }

  /** Both run one job, as an attempt that does not know its end does; but this one lives. */
  @Test
  void anAttemptThatLivesFailsWhenAnotherHasTakenOverFromIt() throws Exception {
    OperatorSubtaskState state;
    try (OperatorRig rig = attempt(calls(gates, "first", "second"), 0, null)) {
      rig.send("a", 1, 1);
      gates.open("a1first", "1");
      runUntilMade(rig, gates, "a1second");
      try (OperatorRig ofOtherCluster = attempt(calls(later, "first", "second"), 0, null)) {
        state = rig.harness.snapshot(1, 1);
        assertThatThrownBy(() -> rig.harness.notifyOfCompletedCheckpoint(1))
            .hasStackTraceContaining(folder.resolve(job.toString()).toString())
            .hasStackTraceContaining("another cluster")
            .hasStackTraceContaining("a folder of its own");
        ofOtherCluster.harness.snapshot(1, 1);
        ofOtherCluster.harness.notifyOfCompletedCheckpoint(1);
      }
    }
    last.open("a1second", "2");
    try (OperatorRig rig = attempt(calls(last, "first", "second"), 1, state)) {
      rig.runUntilOutput(1);
      assertThat(rig.output()).containsExactly("a1 1 2");
    }
    assertThat(last.made).containsExactly("a1second");
  }

  @Test
  void anAttemptThatIsCancelledWhileCallsAreRecordedLosesNoneThatAFunctionHasSeen()
      throws Exception {
    int elements = 40;
    Set<String> seen = ConcurrentHashMap.newKeySet();
    try (OperatorRig rig = attempt(seeing(gates, seen), 0, null)) {
      for (int number = 0; number < elements; number++) {
        rig.send("k" + number, number, number);
        gates.open("k" + number);
      }
      rig.runUntil(() -> !seen.isEmpty());
      // As the thread of a task is that is cancelled.
      Thread.currentThread().interrupt();
    } finally {
      Thread.interrupted();
    }
    Set<String> seenBefore = Set.copyOf(seen);
    try (OperatorRig rig = attempt(seeing(later, seen), 0, null)) {
      for (int number = 0; number < elements; number++) {
        rig.send("k" + number, number, number);
        later.open("k" + number);
      }
      rig.runUntil(() -> seen.size() == elements);
    }
    assertThat(later.made).doesNotContainAnyElementsOf(seenBefore);
  }

  /**
   * Tells of the first call when the function has its result, and makes another that never ends.
   */
  private static DurableFunction<String, Tuple2<String, Integer>, String> seeing(
      Gates gates, Set<String> seen) {
    return (element, context, out) -> {
      context.call("first", String.class, gates.call(element.f0));
      seen.add(element.f0);
      context.call("second", String.class, gates.call("never"));
    };
  }

  @Test
  void anInterruptEndsTheWaitForARecordAndTheRecordIsThere() throws Exception {
    CountDownLatch made = new CountDownLatch(1);
    try (OperatorRig rig =
        attempt(
            pinned(
                () -> {
                  made.countDown();
                  // In place, on the thread that waits for the record next.
                  Thread.currentThread().interrupt();
                  return "1";
                },
                gates.call("second")),
            0,
            null)) {
      assertThatThrownBy(() -> rig.send("a", 1, 1).runUntilOutput(1)).isNotNull();
    } finally {
      Thread.interrupted();
    }
    assertThat(made.getCount()).isZero();
    later.open("second", "2");
    try (OperatorRig rig = attempt(pinned(later.call("first"), later.call("second")), 0, null)) {
      rig.send("a", 1, 1).runUntilOutput(1);
      assertThat(rig.output()).containsExactly("1 2");
    }
    assertThat(later.made).containsExactly("second");
  }

  /** The first call is made, and waited for, in place. */
  private static DurableFunction<String, Tuple2<String, Integer>, String> pinned(
      Callable<String> first, Callable<String> second) {
    Object monitor = new Object();
    return (element, context, out) -> {
      String answer;
      synchronized (monitor) {
        answer = context.call("first", String.class, first);
      }
      out.collect(answer + " " + context.call("second", String.class, second));
    };
  }
}
