// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.journal.Journal;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.Level;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Which calls an attempt of a job makes again that an earlier one made after its checkpoint. */
@Timeout(20)
class JournalTest {
  private final Gates gates = new Gates();
  private final Gates later = new Gates();
  private final Gates last = new Gates();
  private final JobID job = new JobID();
  @TempDir private Path folder;

  private DurableOptions<Tuple2<String, Integer>> options() {
    return OperatorRig.options().journal(folder.toString());
  }

  private OperatorRig attempt(
      DurableFunction<String, Tuple2<String, Integer>, String> function,
      long checkpoint,
      OperatorSubtaskState state)
      throws Exception {
    return OperatorRig.restore(function, options(), job, checkpoint, state, 1, 1, 0);
  }

  /** Calls of these names, each of which waits for the gate of element and name. */
  private static DurableFunction<String, Tuple2<String, Integer>, String> calls(
      Gates gates, String... names) {
    return (element, context, out) -> {
      StringBuilder answers = new StringBuilder(element.f0 + element.f1);
      for (String name : names) {
        answers.append(' ');
        answers.append(
            context.call(name, String.class, gates.call(element.f0 + element.f1 + name)));
      }
      out.collect(answers.toString());
    };
  }

  /** Runs mails until a call was made, which is after the record of the call before it. */
  private static void runUntilMade(OperatorRig rig, Gates gates, String call) throws Exception {
    while (!gates.made.contains(call)) {
      // After its mail a worker has yet to begin the call.
      rig.runMails();
      Thread.onSpinWait();
    }
  }

  /**
   * An attempt that ends between the two calls of elements a1, b1, ... that follow checkpoint 1.
   */
  private OperatorSubtaskState failBetweenCalls(String... keys) throws Exception {
    try (OperatorRig rig = attempt(calls(gates, "first", "second"), 0, null)) {
      OperatorSubtaskState state = rig.harness.snapshot(1, 1);
      rig.harness.notifyOfCompletedCheckpoint(1);
      for (String key : keys) {
        rig.send(key, 1, 1);
        gates.open(key + "1first", "1");
        runUntilMade(rig, gates, key + "1second");
      }
      return state;
    }
  }

  @Test
  void noCallIsMadeAgainThatFinishedAfterTheCheckpoint() throws Exception {
    OperatorSubtaskState state = failBetweenCalls("a", "b");
    later.open("a1second", "2").open("b1second", "2");
    try (OperatorRig rig = attempt(calls(later, "first", "second"), 1, state)) {
      rig.send("b", 1, 1).send("a", 1, 1);
      rig.runUntilOutput(2);
      assertThat(rig.output()).containsExactlyInAnyOrder("a1 1 2", "b1 1 2");
    }
    assertThat(later.made).containsExactlyInAnyOrder("a1second", "b1second");
  }

  @Test
  void norOneThatFinishedBeforeTheFirstCheckpoint() throws Exception {
    failBetweenCalls("a");
    later.open("a1second", "2");
    try (OperatorRig rig = attempt(calls(later, "first", "second"), 0, null)) {
      rig.send("a", 1, 1).runUntilOutput(1);
      assertThat(rig.output()).containsExactly("a1 1 2");
    }
    assertThat(later.made).containsExactly("a1second");
  }

  @Test
  void norOneOfAnElementThatIsInTheCheckpoint() throws Exception {
    OperatorSubtaskState state;
    try (OperatorRig rig = attempt(calls(gates, "first", "second", "third"), 0, null)) {
      rig.send("a", 1, 1);
      gates.open("a1first", "1");
      runUntilMade(rig, gates, "a1second");
      state = rig.harness.snapshot(1, 1);
      rig.harness.notifyOfCompletedCheckpoint(1);
      gates.open("a1second", "2");
      runUntilMade(rig, gates, "a1third");
    }
    later.open("a1third", "3");
    try (OperatorRig rig = attempt(calls(later, "first", "second", "third"), 1, state)) {
      rig.runUntilOutput(1);
      assertThat(rig.output()).containsExactly("a1 1 2 3");
    }
    assertThat(later.made).containsExactly("a1third");
  }

  @Test
  void norOneOfAnElementThatWasDone() throws Exception {
    OperatorSubtaskState state = failBetweenCalls("a");
    later.open("a1second", "2");
    try (OperatorRig rig = attempt(calls(later, "first", "second"), 1, state)) {
      rig.send("a", 1, 1).runUntilOutput(1);
    }
    try (OperatorRig rig = attempt(calls(last, "first", "second"), 1, state)) {
      rig.send("a", 1, 1).runUntilOutput(1);
      assertThat(rig.output()).containsExactly("a1 1 2");
    }
    assertThat(last.made).isEmpty();
  }

  @Test
  void finishedCallsOfAGatherAreNotMadeAgain() throws Exception {
    try (OperatorRig rig = attempt(gathering(gates), 0, null)) {
      rig.send("a", 1, 1);
      gates.awaitBegun("0").awaitBegun("1").awaitBegun("2").open("1");
      awaitRecords(1);
    }
    later.open("0").open("2");
    try (OperatorRig rig = attempt(gathering(later), 0, null)) {
      rig.send("a", 1, 1).runUntilOutput(1);
      assertThat(rig.output()).containsExactly("[0, 1, 2]");
    }
    assertThat(later.made).containsExactlyInAnyOrder("0", "2");
  }

  private static DurableFunction<String, Tuple2<String, Integer>, String> gathering(Gates gates) {
    return (element, context, out) ->
        out.collect(
            context
                .gather(
                    "parts",
                    String.class,
                    List.of(gates.call("0"), gates.call("1"), gates.call("2")))
                .toString());
  }

  /** Waits until so many calls are in the journals. */
  private void awaitRecords(int calls) throws IOException {
    while (finishedCalls() < calls) {
      Thread.onSpinWait();
    }
  }

  private long finishedCalls() throws IOException {
    List<JournalRecord> records = new ArrayList<>();
    for (Path journal : journals()) {
      Journal.read(journal, records::add);
    }
    return records.stream().filter(JournalRecord.CallFinished.class::isInstance).count();
  }

  private List<Path> journals() throws IOException {
    int ofJournals = 3;
    try (Stream<Path> files = Files.walk(folder, ofJournals)) {
      return files
          .filter(file -> file.getFileName().toString().matches("\\d+-groups-.*"))
          .collect(Collectors.toList());
    }
  }

  @Test
  void failuresAndStagesAreKeptToo() throws Exception {
    try (OperatorRig rig = attempt(catching(gates), 0, null)) {
      rig.send("a", 1, 1);
      gates.fail("failing", new IOException("no answer"));
      runUntilMade(rig, gates, "stage");
      gates.open("stage");
      runUntilMade(rig, gates, "last");
    }
    later.open("last");
    try (OperatorRig rig = attempt(catching(later), 0, null)) {
      rig.send("a", 1, 1).runUntilOutput(1);
      assertThat(rig.output()).containsExactly("java.io.IOException: no answer, stage, last");
    }
    assertThat(later.made).containsExactly("last");
  }

  private static DurableFunction<String, Tuple2<String, Integer>, String> catching(Gates gates) {
    return (element, context, out) -> {
      String failure = "none";
      try {
        context.call("failing", String.class, gates.call("failing"));
      } catch (CallFailedException failed) {
        failure = failed.failureType() + ": " + failed.failureMessage();
      }
      String stage = context.callAsync("stage", String.class, gates.stage("stage"));
      out.collect(
          failure + ", " + stage + ", " + context.call("last", String.class, gates.call("last")));
    };
  }

  @Test
  void clockAndRandomNumbersStayThoseOnWhichCallsWereBuilt() throws Exception {
    try (OperatorRig rig = attempt(dicing(gates), 0, null)) {
      rig.send("a", 1, 1);
      runUntilMade(rig, gates, "second");
    }
    later.open("second");
    try (OperatorRig rig = attempt(dicing(later), 0, null)) {
      rig.send("a", 1, 1).runUntilOutput(1);
      String[] numbers = rig.output().get(0).split(" ");
      assertThat(numbers[0]).isEqualTo(numbers[1]);
    }
    assertThat(later.made).containsExactly("second");
  }

  /** What its first call returns is what it decided by; then comes that itself. */
  private static DurableFunction<String, Tuple2<String, Integer>, String> dicing(Gates gates) {
    return (element, context, out) -> {
      context.sleep(Duration.ofMillis(1));
      String numbers = context.currentTimeMillis() + "/" + context.random().nextLong();
      String called = context.call("first", String.class, () -> numbers);
      context.call("second", String.class, gates.call("second"));
      out.collect(called + " " + numbers);
    };
  }

  @Test
  void equalElementsOfAKeyHaveTheirCallsInTheirOrder() throws Exception {
    try (OperatorRig rig = attempt(calls(gates, "call"), 0, null)) {
      rig.send("a", 1, 1).send("a", 1, 1).send("a", 1, 1);
      gates.open("a1call", "1");
      rig.runUntilOutput(3);
    }
    Gates counted = new Gates().open("a1call", "2");
    try (OperatorRig rig = attempt(calls(counted, "call"), 0, null)) {
      rig.send("a", 1, 1).send("a", 1, 1).send("a", 1, 1).send("a", 1, 1);
      rig.runUntilOutput(4);
      assertThat(rig.output()).containsExactly("a1 1", "a1 1", "a1 1", "a1 2");
    }
    try (OperatorRig rig = attempt(calls(last, "call"), 0, null)) {
      rig.send("a", 1, 1).send("a", 1, 1).send("a", 1, 1).send("a", 1, 1);
      rig.runUntilOutput(4);
      assertThat(rig.output()).containsExactly("a1 1", "a1 1", "a1 1", "a1 2");
    }
    assertThat(last.made).isEmpty();
  }

  @Test
  void anElementThatCameBeforeTheCheckpointIsAnotherOne() throws Exception {
    OperatorSubtaskState state;
    try (OperatorRig rig = attempt(calls(gates, "call"), 0, null)) {
      gates.open("a1call", "before");
      rig.send("a", 1, 1).runUntilOutput(1);
      state = rig.harness.snapshot(1, 1);
      rig.harness.notifyOfCompletedCheckpoint(1);
    }
    later.open("a1call", "after");
    try (OperatorRig rig = attempt(calls(later, "call"), 1, state)) {
      rig.send("a", 1, 1).runUntilOutput(1);
      assertThat(rig.output()).containsExactly("a1 after");
    }
  }

  @Test
  void aCheckpointThatDoesNotCompleteChangesNothing() throws Exception {
    OperatorSubtaskState state;
    try (OperatorRig rig = attempt(calls(gates, "first", "second"), 0, null)) {
      state = rig.harness.snapshot(1, 1);
      rig.harness.notifyOfCompletedCheckpoint(1);
      gates.open("a1first", "1").open("a1second", "2").open("b1first", "1");
      rig.send("a", 1, 1).runUntilOutput(1);
      rig.harness.snapshot(2, 2);
      rig.send("b", 1, 1);
      runUntilMade(rig, gates, "b1second");
    }
    later.open("b1second", "2");
    try (OperatorRig rig = attempt(calls(later, "first", "second"), 1, state)) {
      rig.send("a", 1, 1).send("b", 1, 1).runUntilOutput(2);
    }
    assertThat(later.made).containsExactly("b1second");
  }

  @Test
  void callsWaitForElementsThatComeAfterALaterCheckpoint() throws Exception {
    OperatorSubtaskState state = failBetweenCalls("a", "b");
    OperatorSubtaskState laterState;
    try (OperatorRig rig = attempt(calls(later, "first", "second"), 1, state)) {
      rig.send("a", 1, 1);
      laterState = rig.harness.snapshot(2, 2);
      rig.harness.notifyOfCompletedCheckpoint(2);
    }
    last.open("a1second", "2").open("b1second", "2");
    try (OperatorRig rig = attempt(calls(last, "first", "second"), 2, laterState)) {
      rig.send("b", 1, 1).runUntilOutput(2);
      assertThat(rig.output()).containsExactlyInAnyOrder("a1 1 2", "b1 1 2");
    }
    assertThat(last.made).containsExactlyInAnyOrder("a1second", "b1second");
  }

  @Test
  void otherCallsThanRecordedAreAMiss() throws Exception {
    OperatorSubtaskState state = failBetweenCalls("a");
    later.open("a1other", "3");
    try (OperatorRig rig = attempt(calls(later, "other", "second"), 1, state)) {
      rig.send("a", 1, 1);
      runUntilMade(rig, later, "a1second");
    }
    assertThat(later.made).containsExactly("a1other", "a1second");
    last.open("a1second", "4");
    try (OperatorRig rig = attempt(calls(last, "other", "second"), 1, state)) {
      rig.send("a", 1, 1).runUntilOutput(1);
      assertThat(rig.output()).containsExactly("a1 3 4");
    }
    assertThat(last.made).containsExactly("a1second");
  }

  @Test
  void whatFollowsAMissIsNotAnsweredFromBefore() throws Exception {
    gates.open("a1first", "1").open("a1second", "2");
    try (OperatorRig rig = attempt(calls(gates, "first", "second", "third"), 0, null)) {
      rig.send("a", 1, 1);
      runUntilMade(rig, gates, "a1third");
    }
    later.open("a1other", "3");
    try (OperatorRig rig = attempt(calls(later, "other", "second"), 0, null)) {
      rig.send("a", 1, 1);
      runUntilMade(rig, later, "a1second");
    }
    last.open("a1second", "4");
    try (OperatorRig rig = attempt(calls(last, "other", "second"), 0, null)) {
      rig.send("a", 1, 1).runUntilOutput(1);
      assertThat(rig.output()).containsExactly("a1 3 4");
    }
  }

  @Test
  void callsThatFollowedFromOtherStateAreAMiss() throws Exception {
    gates.open("a1", "one").open("a2", "two");
    try (OperatorRig rig = attempt(counting(gates), 0, null)) {
      rig.send("a", 1, 1).send("a", 2, 2).runUntilOutput(2);
    }
    later.open("a1", "two").open("a2", "one");
    try (OperatorRig rig = attempt(counting(later), 0, null)) {
      rig.send("a", 2, 2).send("a", 1, 1).runUntilOutput(2);
      assertThat(rig.output()).containsExactly("a2 as 1: one", "a1 as 2: two");
    }
    try (OperatorRig rig = attempt(counting(last), 0, null)) {
      rig.send("a", 2, 2).send("a", 1, 1).runUntilOutput(2);
    }
    assertThat(last.made).isEmpty();
  }

  /** What it asks depends on how many elements its key had before. */
  private static DurableFunction<String, Tuple2<String, Integer>, String> counting(Gates gates) {
    return (element, context, out) -> {
      ValueState<Integer> state = context.getState(new ValueStateDescriptor<>("n", Types.INT));
      int count = state.value() == null ? 1 : state.value() + 1;
      state.update(count);
      String name = element.f0 + element.f1;
      String answer = context.call("call", String.class, gates.call(name));
      out.collect(name + " as " + count + ": " + answer);
    };
  }

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
  void aFunctionSeesWhatIsDurable() throws Exception {
    List<Long> records = new ArrayList<>();
    gates.open("call");
    try (OperatorRig rig =
        attempt(
            (element, context, out) -> {
              context.call("call", String.class, gates.call("call"));
              records.add(finishedCalls());
              out.collect("done");
            },
            0,
            null)) {
      rig.send("a", 1, 1).runUntilOutput(1);
    }
    assertThat(records).containsExactly(1L);
  }

  @Test
  void aCallThatCannotBeRecordedIsNotLost() throws Exception {
    int tooLarge = 20 << 20;
    OperatorSubtaskState state;
    try (OperatorRig rig = attempt(returning(tooLarge, gates), 0, null)) {
      rig.send("a", 1, 1);
      runUntilMade(rig, gates, "second");
      state = rig.harness.snapshot(1, 1);
      rig.harness.notifyOfCompletedCheckpoint(1);
    }
    later.open("second");
    try (OperatorRig rig = attempt(returning(-1, later), 1, state)) {
      rig.runUntilOutput(1);
      assertThat(rig.output()).containsExactly(String.valueOf(tooLarge));
    }
  }

  /** Returns a text of this length from its first call, which must not be made if negative. */
  private static DurableFunction<String, Tuple2<String, Integer>, String> returning(
      int length, Gates gates) {
    return (element, context, out) -> {
      String text = context.call("first", String.class, () -> "x".repeat(length));
      context.call("second", String.class, gates.call("second"));
      out.collect(String.valueOf(text.length()));
    };
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
