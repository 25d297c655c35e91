// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.Strategy;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.JournalRecord.ActionStarted;
import dev.fermata.journal.JournalRecord.CallFinished;
import dev.fermata.journal.JournalRecord.CallStarted;
import dev.fermata.journal.JournalRecord.ValueRecorded;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Actions that do not repeat what is recorded of them: noticed, named, and harmless. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MismatchTest {
  private static final byte[] INPUT = Digests.of("\"input of action\"".getBytes());

  private final AtomicInteger made = new AtomicInteger();
  private Rig rig;

  @BeforeEach
  void open() {
    rig = new Rig(Strategy.HANDOFF);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void anotherFunction() {
    found(started(0, "charge", "[1]"), finished(0, "1"));

    assertDiffers(context -> call(context, "refund", 1), "the call 'charge'", "the call 'refund'");
  }

  @Test
  void otherArguments() {
    found(started(0, "charge", "[1]"), finished(0, "1"));

    assertDiffers(
        context -> call(context, "charge", 2),
        "the call 'charge' with arguments of digest " + Digests.text(Digests.of("[1]".getBytes())),
        "the call 'charge' with arguments of digest " + Digests.text(Digests.of("[2]".getBytes())));
  }

  @Test
  void anotherOrder() {
    found(started(0, "one", "[]"), finished(0, "1"), started(1, "two", "[]"), finished(1, "2"));

    assertDiffers(
        context -> call(context, "two") + call(context, "one"), "'one'", "the call 'two'");
  }

  @Test
  void aCallThatBeganAndHasNoOutcomeIsComparedToo() {
    found(started(0, "charge", "[1]"));

    assertDiffers(context -> call(context, "refund", 1), "the call 'charge'", "the call 'refund'");
  }

  @Test
  void aCallForAValueAndAValueForACall() {
    found(value(0, ValueRecorded.Kind.NOW, 7));
    assertDiffers(context -> call(context, "call"), "the time (now)", "the call 'call'");

    found(started(0, "charge", "[1]"), finished(0, "1"));
    assertDiffers(DurableContext::now, "the call 'charge'", "the time (now)");
  }

  @Test
  void anotherKindOfValue() {
    found(value(0, ValueRecorded.Kind.NOW, 7));

    assertDiffers(DurableContext::random, "the time (now)", "random numbers");
    assertDiffers(
        context -> {
          context.sleep(Duration.ZERO);
          return null;
        },
        "the time (now)",
        "a sleep");
  }

  @Test
  void anotherChoice() {
    found(
        started(0, "one", "[]"),
        finished(0, "1"),
        started(1, "two", "[]"),
        finished(1, "2"),
        value(2, ValueRecorded.Kind.CHOSEN, 1));

    assertDiffers(
        context -> {
          DurableCall<Integer> one = context.callAsync("one", Integer.class, made::incrementAndGet);
          context.callAsync("two", Integer.class, made::incrementAndGet);
          return context.any(List.of(one));
        },
        "the choice of the call at place 1",
        "the choice of one of [the call 'one' at place 0");
  }

  @Test
  void anEndBeforeEverythingWasAskedFor() {
    found(started(0, "one", "[]"), finished(0, "1"), started(1, "two", "[]"));

    assertDiffers(
        context -> context.call("one", Integer.class, made::incrementAndGet),
        "the call 'two'",
        "nothing: the action returned");
  }

  @Test
  void anotherInput() {
    found(started(0, "one", "[]"), finished(0, "1"));

    Throwable thrown =
        Rig.failureOf(
            rig.actions.start(
                rig.loop, "action", "something else", context -> call(context, "one")));

    assertThat(thrown)
        .isInstanceOf(NonDeterministicActionException.class)
        .hasMessageContaining("an input with digest " + Digests.text(INPUT));
    assertThat(made).hasValue(0);
  }

  @Test
  void anotherTypeOfResult() {
    found(started(0, "one", "[]"), finished(0, "\"text\""));

    assertDiffers(
        context -> call(context, "one"), "a result that is no java.lang.Integer", "a result of");
  }

  @Test
  void anOutcomeWithoutItsCall() {
    found(finished(0, "1"));

    assertDiffers(
        context -> call(context, "one"),
        "the outcome of a call whose start is not recorded",
        "the call 'one'");
  }

  /** An action that swallows the exception goes on along a way that is not the recorded one. */
  @Test
  void nothingIsAskedOrRecordedAfterAMismatch() {
    found(started(0, "charge", "[1]"), finished(0, "1"));
    List<JournalRecord> before = rig.journal.acknowledged();

    Throwable thrown =
        rig.failureOf(
            "action",
            context -> {
              assertThatThrownBy(() -> call(context, "refund", 1))
                  .isInstanceOf(NonDeterministicActionException.class);
              assertThatThrownBy(() -> call(context, "other"))
                  .isInstanceOf(NonDeterministicActionException.class);
              assertThatThrownBy(context::now).isInstanceOf(NonDeterministicActionException.class);
              return "swallowed";
            });

    assertThat(thrown).isInstanceOf(NonDeterministicActionException.class);
    assertThat(made).hasValue(0);
    assertThat(rig.journal.acknowledged()).isEqualTo(before);
  }

  /** As a journal may hold: what failed to be acknowledged, and came to light in a crash. */
  @Test
  void theLastRecordOfAPlaceCounts() {
    found(
        started(0, "old", "[]"),
        finished(0, "1"),
        started(0, "new", "[]"),
        finished(0, "2"),
        finished(0, "3"),
        started(0, "new", "[]"));

    assertThat(rig.<Integer>run("action", context -> call(context, "new"))).isEqualTo(3);
    assertThat(made).hasValue(0);
  }

  private void assertDiffers(DurableBody<?> body, String recorded, String asked) {
    List<JournalRecord> before = rig.journal.acknowledged();

    Throwable thrown = rig.failureOf("action", body);

    assertThat(thrown).isInstanceOf(NonDeterministicActionException.class);
    NonDeterministicActionException differs = (NonDeterministicActionException) thrown;
    assertThat(differs.actionId()).isEqualTo("action");
    assertThat(differs.recorded()).contains(recorded);
    assertThat(differs.asked()).contains(asked);
    assertThat(differs).hasMessageContaining(recorded).hasMessageContaining(asked);
    assertThat(made).as("calls that were made").hasValue(0);
    assertThat(rig.journal.acknowledged()).as("records").isEqualTo(before);
  }

  private int call(DurableContext context, String name, Object... arguments) throws Exception {
    return context.call(name, Integer.class, made::incrementAndGet, arguments);
  }

  private void found(JournalRecord... records) {
    List<JournalRecord> found = new ArrayList<>();
    found.add(new ActionStarted("action", INPUT));
    found.addAll(Arrays.asList(records));
    rig.restart(RecordList.of(found));
  }

  private static JournalRecord started(long place, String function, String arguments) {
    return new CallStarted("action", place, function, Digests.of(arguments.getBytes()));
  }

  private static JournalRecord finished(long place, String json) {
    return new CallFinished("action", place, json.getBytes());
  }

  private static JournalRecord value(long place, ValueRecorded.Kind kind, long value) {
    return new ValueRecorded("action", place, kind, value);
  }
}
