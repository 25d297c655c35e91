// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import static dev.fermata.flink.GatedFunctions.calls;
import static dev.fermata.flink.GatedFunctions.gathering;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.datastream.AsyncDataStream.OutputMode;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.types.CopyableValue;
import org.apache.flink.util.OutputTag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a checkpoint holds of elements in flight, and what a restore makes of it. */
@Timeout(20)
class ReplayTest {
  private static final OutputTag<Tuple2<Tuple2<String, Integer>, String>> DEAD_LETTERS =
      new OutputTag<>("dead-letters", Types.TUPLE(OperatorRig.ELEMENT, Types.STRING));

  private final Gates gates = new Gates();
  private final Gates later = new Gates();

  /** Two calls for each element. */
  private static DurableFunction<String, Tuple2<String, Integer>, String> twoCalls(Gates gates) {
    return calls(gates, "first", "second");
  }

  /** The state with element a1 between its two calls. */
  private OperatorSubtaskState stateBetweenCalls() throws Exception {
    try (OperatorRig rig = OperatorRig.open(twoCalls(gates))) {
      rig.send("a", 1, 1);
      gates.open("a1first", "1");
      rig.runNextMail();
      gates.awaitBegun("a1second");
      return rig.snapshot();
    }
  }

  @Test
  void finishedCallsAreNotMadeAgain() throws Exception {
    OperatorSubtaskState state = stateBetweenCalls();
    later.open("a1second", "2");
    try (OperatorRig rig = OperatorRig.restore(twoCalls(later), OperatorRig.options(), state)) {
      rig.runUntilOutput(1);
      assertThat(rig.output()).containsExactly("a1 1 2");
    }
    assertThat(gates.made).containsExactly("a1first", "a1second");
    assertThat(later.made).containsExactly("a1second");
  }

  @Test
  void aCallThatIsDoneButNotYetSeenIsInTheCheckpoint() throws Exception {
    OperatorSubtaskState state;
    try (OperatorRig rig = OperatorRig.open(twoCalls(gates))) {
      rig.send("a", 1, 1);
      gates.open("a1first", "1");
      // The mail is there, so the call is done; the function has not gone on.
      while (!rig.harness.getTaskMailbox().hasMail()) {
        Thread.onSpinWait();
      }
      state = rig.snapshot();
    }
    later.open("a1second", "2");
    try (OperatorRig rig = OperatorRig.restore(twoCalls(later), OperatorRig.options(), state)) {
      rig.runUntilOutput(1);
      assertThat(rig.output()).containsExactly("a1 1 2");
    }
    assertThat(later.made).containsExactly("a1second");
  }

  @Test
  void finishedCallsOfAGatherAreNotMadeAgain() throws Exception {
    OperatorSubtaskState state;
    try (OperatorRig rig = OperatorRig.open(gathering(gates))) {
      rig.send("a", 1, 1);
      gates.awaitBegun("0").awaitBegun("1").awaitBegun("2").open("1");
      awaitStepsDone(rig, 1);
      state = rig.snapshot();
    }
    later.open("0").open("2");
    try (OperatorRig rig = OperatorRig.restore(gathering(later), OperatorRig.options(), state)) {
      rig.runUntilOutput(1);
      assertThat(rig.output()).containsExactly("[0, 1, 2]");
    }
    assertThat(later.made).containsExactlyInAnyOrder("0", "2");
  }

  /** Waits until so many calls have ended, as JMX tells: their results are kept by then. */
  private static void awaitStepsDone(OperatorRig rig, int calls) throws Exception {
    javax.management.MBeanServer server =
        java.lang.management.ManagementFactory.getPlatformMBeanServer();
    javax.management.ObjectName name =
        server
            .queryNames(new javax.management.ObjectName("dev.fermata:type=Executor,*"), null)
            .iterator()
            .next();
    while ((long) server.getAttribute(name, "InFlightCalls")
            - (long) server.getAttribute(name, "RunningCalls")
        < calls) {
      Thread.onSpinWait();
    }
  }

  @Test
  void elementsGoOnInTheirOrderWhereTheirKeysAre() throws Exception {
    OperatorSubtaskState state;
    List<String> sent = new ArrayList<>();
    try (OperatorRig rig = OperatorRig.open(twoCalls(gates))) {
      for (int number = 1; number <= 2; number++) {
        for (int key = 0; key < 10; key++) {
          rig.send("k" + key, number, 1);
          sent.add("k" + key + number + " 1 2");
        }
      }
      state = rig.snapshot();
    }
    for (int key = 0; key < 10; key++) {
      for (int number = 1; number <= 2; number++) {
        later.open("k" + key + number + "first", "1").open("k" + key + number + "second", "2");
      }
    }
    List<String> received = new ArrayList<>();
    for (int subtask = 0; subtask < 3; subtask++) {
      try (OperatorRig rig =
          OperatorRig.restore(twoCalls(later), OperatorRig.options(), state, 1, 3, subtask)) {
        rig.harness.endInput();
        received.addAll(rig.output());
      }
    }
    assertThat(received).containsExactlyInAnyOrderElementsOf(sent);
    for (int key = 0; key < 10; key++) {
      assertThat(received.indexOf("k" + key + "1 1 2"))
          .isLessThan(received.indexOf("k" + key + "2 1 2"));
    }
  }

  @Test
  void rescalingDownBringsTheElementsTogether() throws Exception {
    OperatorSubtaskState[] states = new OperatorSubtaskState[2];
    int sent = 0;
    for (int subtask = 0; subtask < 2; subtask++) {
      try (OperatorRig rig =
          OperatorRig.restore(twoCalls(gates), OperatorRig.options(), null, 2, 2, subtask)) {
        for (int key = 0; key < 10; key++) {
          if (rig.ownsKey("k" + key)) {
            rig.send("k" + key, 1, 1);
            sent++;
          }
        }
        states[subtask] = rig.harness.snapshot(1, 1);
      }
    }
    for (int key = 0; key < 10; key++) {
      later.open("k" + key + "1first", "1").open("k" + key + "1second", "2");
    }
    DurableOptions<Tuple2<String, Integer>> small = OperatorRig.options().capacity(3);
    try (OperatorRig rig =
        OperatorRig.restore(
            twoCalls(later),
            small,
            AbstractStreamOperatorTestHarness.repackageState(states),
            2,
            1,
            0)) {
      rig.harness.endInput();
      assertThat(rig.output()).hasSize(10);
    }
    assertThat(sent).isEqualTo(10);
  }

  @Test
  void outputThatWaitsForAnEarlierElementIsKept() throws Exception {
    DurableOptions<Tuple2<String, Integer>> ordered =
        OperatorRig.options().outputMode(OutputMode.ORDERED);
    OutputTag<String> side = new OutputTag<>("side", Types.STRING);
    DurableFunction<String, Tuple2<String, Integer>, String> function =
        (element, context, out) -> {
          if (element.f0.equals("a")) {
            out.collect(context.call("slow", String.class, gates.call("slow")));
          } else {
            out.collect(element.f0);
            context.output(side, "aside");
          }
        };
    OperatorSubtaskState state;
    try (OperatorRig rig = OperatorRig.open(function, ordered)) {
      rig.send("a", 1, 1).send("b", 1, 2);
      state = rig.snapshot();
      assertThat(rig.output()).isEmpty();
    }
    gates.open("slow");
    try (OperatorRig rig =
        OperatorRig.restore(
            (element, context, out) -> {
              if (!element.f0.equals("a")) {
                throw new IllegalStateException("processed again");
              }
              function.process(element, context, out);
            },
            ordered,
            state)) {
      rig.runUntilOutput(2);
      assertThat(rig.output()).containsExactly("slow", "b");
      assertThat(rig.harness.getSideOutput(side))
          .extracting(r -> r.getValue())
          .containsExactly("aside");
      assertThat(rig.harness.getRecordOutput())
          .extracting(r -> r.getTimestamp())
          .containsExactly(1L, 2L);
    }
  }

  @Test
  void anElementThatIsDoneIsNotInTheNextCheckpoint() throws Exception {
    OperatorSubtaskState state;
    try (OperatorRig rig = OperatorRig.open(twoCalls(gates))) {
      rig.send("a", 1, 1);
      rig.snapshot();
      gates.open("a1first").open("a1second");
      rig.runUntilOutput(1);
      state = rig.harness.snapshot(2, 2);
    }
    try (OperatorRig rig = OperatorRig.restore(twoCalls(later), OperatorRig.options(), state)) {
      rig.harness.endInput();
      assertThat(rig.output()).isEmpty();
    }
    assertThat(later.made).isEmpty();
  }

  @Test
  void clockRandomNumbersAndTheEndOfASleepAreReplayed() throws Exception {
    List<String> seen = new ArrayList<>();
    DurableFunction<String, Tuple2<String, Integer>, String> function =
        (element, context, out) -> {
          String drawn = context.currentTimeMillis() + " " + context.random().nextLong();
          context.sleep(Duration.ofMillis(10));
          seen.add(drawn + " " + context.random().nextLong());
          context.call("call", String.class, gates.call("call" + seen.size()));
          out.collect(seen.get(seen.size() - 1));
        };
    OperatorSubtaskState state;
    try (OperatorRig rig = OperatorRig.open(function)) {
      rig.harness.setProcessingTime(1_000);
      rig.send("a", 1, 1);
      rig.runUntil(() -> seen.size() == 1);
      state = rig.snapshot();
    }
    gates.open("call2");
    try (OperatorRig rig = OperatorRig.restore(function, OperatorRig.options(), state)) {
      // The sleep is over: it is not slept again.
      rig.harness.setProcessingTime(TimeUnit.DAYS.toMillis(1));
      rig.runUntilOutput(1);
      assertThat(rig.output()).containsExactly(seen.get(0));
    }
  }

  @Test
  void aFailureThatTheFunctionCaughtIsReplayed() throws Exception {
    DurableFunction<String, Tuple2<String, Integer>, String> function =
        (element, context, out) -> {
          String answer;
          try {
            answer = context.call("flaky", String.class, gates.call("flaky"));
          } catch (CallFailedException failed) {
            answer = failed.failureType() + " " + failed.failureMessage() + " " + failed.attempts();
          }
          out.collect(answer + context.call("next", String.class, gates.call("next")));
        };
    OperatorSubtaskState state;
    try (OperatorRig rig = OperatorRig.open(function)) {
      rig.send("a", 1, 1);
      gates.fail("flaky", new IOException("no route"));
      rig.runNextMail();
      gates.awaitBegun("next");
      state = rig.snapshot();
    }
    gates.open("next", "!");
    try (OperatorRig rig = OperatorRig.restore(function, OperatorRig.options(), state)) {
      rig.runUntilOutput(1);
      assertThat(rig.output()).containsExactly("java.io.IOException no route 1!");
    }
    assertThat(gates.made).containsExactly("flaky", "next", "next");
  }

  @Test
  void aChangedCallIsAnErrorThatNamesKeyAndCall() throws Exception {
    OperatorSubtaskState state = stateBetweenCalls();
    try (OperatorRig rig =
        OperatorRig.restore(calls(later, 0, "other"), OperatorRig.options(), state)) {
      assertThatThrownBy(rig::runMails)
          .isInstanceOf(ChangedCallsException.class)
          .hasMessageContaining("key 'a'")
          .hasMessageContaining("recorded call 'first' of type String as number 1")
          .hasMessageContaining("asks for call 'other'")
          .hasMessageContaining("fermata.on-changed-calls");
    }
    assertThat(later.made).isEmpty();
  }

  @Test
  void aCallLeftOutIsAnErrorToo() throws Exception {
    OperatorSubtaskState state = stateBetweenCalls();
    try (OperatorRig rig = OperatorRig.restore(calls(later, 0), OperatorRig.options(), state)) {
      assertThatThrownBy(rig::runMails)
          .isInstanceOf(ChangedCallsException.class)
          .hasMessageContaining("returned without asking for it");
    }
  }

  @Test
  void aChangedElementCanBeRestarted() throws Exception {
    OperatorSubtaskState state = stateBetweenCalls();
    later.open("a1other", "3");
    DurableOptions<Tuple2<String, Integer>> restart =
        OperatorRig.options().onChangedCalls(OnChangedCalls.RESTART);
    try (OperatorRig rig = OperatorRig.restore(calls(later, 0, "other"), restart, state)) {
      rig.runUntilOutput(1);
      assertThat(rig.output()).containsExactly("a1 3");
    }
  }

  @Test
  void aChangedElementCanBeSetAside() throws Exception {
    OperatorSubtaskState state = stateBetweenCalls();
    DurableOptions<Tuple2<String, Integer>> aside =
        OperatorRig.options().onChangedCalls(OnChangedCalls.DEAD_LETTER).deadLetters(DEAD_LETTERS);
    try (OperatorRig rig = OperatorRig.restore(calls(later, 0, "other"), aside, state)) {
      rig.runMails();
      assertThat(rig.output()).isEmpty();
      assertThat(rig.harness.getSideOutput(DEAD_LETTERS))
          .singleElement()
          .satisfies(
              letter -> {
                assertThat(letter.getValue().f0).isEqualTo(Tuple2.of("a", 1));
                assertThat(letter.getValue().f1).contains("call 'first'");
              });
    }
  }

  @Test
  void anotherVersionIsRecognisedBeforeAnythingRuns() throws Exception {
    OperatorSubtaskState state = stateBetweenCalls();
    try (OperatorRig rig =
        OperatorRig.restore(calls(later, 7, "first", "second"), OperatorRig.options(), state)) {
      assertThatThrownBy(rig::runMails)
          .isInstanceOf(ChangedCallsException.class)
          .hasMessageContaining("version 0")
          .hasMessageContaining("version 7");
    }
    assertThat(later.made).isEmpty();
  }

  /** Can be copied but not written. */
  public static final class Unwritable implements CopyableValue<Unwritable> {
    private static final long serialVersionUID = 1L;

    @Override
    public int getBinaryLength() {
      return -1;
    }

    @Override
    public void copyTo(Unwritable target) {}

    @Override
    public Unwritable copy() {
      return new Unwritable();
    }

    @Override
    public void copy(DataInputView source, DataOutputView target) {}

    @Override
    public void write(DataOutputView out) throws IOException {
      throw new IOException("unwritable");
    }

    @Override
    public void read(DataInputView in) {}
  }

  @Test
  void aResultThatCannotBeWrittenIsNamed() throws Exception {
    boolean[] asked = new boolean[1];
    try (OperatorRig rig =
        OperatorRig.open(
            (element, context, out) -> {
              context.call("bad", Unwritable.class, Unwritable::new);
              asked[0] = true;
              context.call("next", String.class, gates.call("next"));
            })) {
      rig.send("a", 1, 1);
      rig.runUntil(() -> asked[0]);
      assertThatThrownBy(rig::snapshot)
          .hasStackTraceContaining("No checkpoint can be made of the element with key 'a'")
          .hasStackTraceContaining("The outcome of call 'bad'")
          .hasRootCauseMessage("unwritable");
    }
  }
}
