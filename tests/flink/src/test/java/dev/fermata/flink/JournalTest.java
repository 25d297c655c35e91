// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import static dev.fermata.flink.GatedFunctions.calls;
import static dev.fermata.flink.GatedFunctions.gathering;
import static dev.fermata.flink.GatedFunctions.returning;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.junit.jupiter.api.Test;

/** Which calls an attempt of a job makes again that an earlier one made after its checkpoint. */
class JournalTest extends OperatorAttempts {
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

  /** Waits until so many calls are in the journals. */
  private void awaitRecords(int calls) throws IOException {
    while (finishedCalls() < calls) {
      Thread.onSpinWait();
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
}
