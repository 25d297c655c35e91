// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionAbortedError;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One continuation: what its caller and its code see of each other. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ContinuationTest {
  private static final List<String> EVENTS = new ArrayList<>();

  private static void greet(SuspendCapability self) {
    String name = self.suspend("who?");
    String place = ask(self, 10, "where, " + name + "?");
    self.suspend(name + " in " + place);
  }

  private static String ask(SuspendCapability self, int depth, String question) {
    return depth == 0 ? self.suspend(question) : ask(self, depth - 1, question);
  }

  @Test
  void valuesGoOutAndInputsGoIn() {
    Continuation continuation = new Continuation(ContinuationTest::greet);
    assertThat(continuation.isResumable()).isTrue();
    assertThat(continuation.value()).isNull();

    assertThat(continuation.resume()).isTrue();
    assertThat(continuation.value()).isEqualTo("who?");
    assertThat(continuation.resume("Ada")).isTrue();
    assertThat(continuation.value()).isEqualTo("where, Ada?");
    assertThat(continuation.resume("London")).isTrue();
    assertThat(continuation.value()).isEqualTo("Ada in London");
    assertThat(continuation.isCompleted()).isFalse();
    assertThat(continuation.resume()).isFalse();

    assertThat(continuation.isCompleted()).isTrue();
    assertThat(continuation.isResumable()).isFalse();
    assertThat(continuation.value()).isNull();
    assertThatExceptionOfType(IllegalContinuationStateException.class)
        .isThrownBy(continuation::resume)
        .withMessageContaining("is completed");
  }

  @Test
  void copiesGoOnIndependently() {
    Continuation first = new Continuation(ContinuationTest::greet);
    Continuation unbegun = first.copy();
    first.resume();
    first.resume("Ada");
    Continuation second = first.copy();
    Continuation third = second.copy();

    assertThat(second.value()).isEqualTo("where, Ada?");
    first.resume("London");
    second.resume("Paris");
    third.resume("Rome");
    assertThat(first.value()).isEqualTo("Ada in London");
    assertThat(second.value()).isEqualTo("Ada in Paris");
    assertThat(third.value()).isEqualTo("Ada in Rome");
    assertThat(third.historyLength()).isEqualTo(2);
    Continuation late = third.copy();
    assertThat(late.resume()).isFalse();
    assertThat(third.isResumable()).isTrue();
    assertThat(unbegun.resume()).isTrue();
    assertThat(unbegun.value()).isEqualTo("who?");
  }

  @Test
  void anEntryPointIsCopiedAsItWasAtTheBeginning() {
    int[] counts = new int[2];
    Continuation first =
        new Continuation(
            self -> {
              while (true) {
                self.suspend(++counts[0]);
              }
            });
    first.resume();
    first.resume();
    Continuation second = first.copy();

    assertThat(second.resume()).isTrue();
    assertThat(second.value()).isEqualTo(3);
    assertThat(counts).containsExactly(2, 0);
    assertThat(first.resume()).isTrue();
    assertThat(first.value()).isEqualTo(3);
  }

  @Test
  void effectsRunOnce() {
    EVENTS.clear();
    Continuation first =
        new Continuation(
            self -> {
              int one = self.once(() -> effect("one", 1));
              self.suspend(one);
              try {
                self.once(
                    () -> {
                      EVENTS.add("failing");
                      throw new java.io.IOException("no");
                    });
              } catch (Exception expected) {
                self.suspend(expected);
              }
              self.suspend(self.<Object>once(() -> effect("null", null)));
            });
    first.resume();
    first.resume();
    Continuation second = first.copy();

    assertThat(second.resume()).isTrue();
    assertThat(EVENTS).containsExactly("one", "failing", "null");
    first.resume();
    assertThat(EVENTS).containsExactly("one", "failing", "null", "null");
    assertThat(second.copy().resume()).isFalse();
    assertThat(EVENTS).hasSize(4);
  }

  private static <T> T effect(String name, T result) {
    EVENTS.add(name);
    return result;
  }

  @Test
  void whatTheCodeThrowsIsThrownOnceAndCompletesIt() {
    RuntimeException thrown = new RuntimeException("on purpose");
    Continuation failing =
        Continuation.live(
            self -> {
              self.suspend();
              throw thrown;
            });
    failing.resume();
    assertThatExceptionOfType(ContinuationExecutionException.class)
        .isThrownBy(failing::resume)
        .satisfies(e -> assertThat(e.getCause()).isSameAs(thrown));
    assertThat(failing.isCompleted()).isTrue();
    assertThatExceptionOfType(IllegalContinuationStateException.class).isThrownBy(failing::resume);

    Error error = new AssertionError("on purpose");
    Continuation erring =
        Continuation.live(
            self -> {
              throw error;
            });
    assertThatThrownBy(erring::resume).isSameAs(error);
  }

  @Test
  void closingRunsTheFinallyBlocks() {
    List<String> events = new ArrayList<>();
    Continuation closed =
        Continuation.live(
            self -> {
              try {
                self.suspend();
              } finally {
                events.add("finally");
                try {
                  self.suspend();
                } catch (ActionAbortedError again) {
                  events.add("again");
                }
              }
            });
    closed.resume();
    closed.close();
    closed.close();

    assertThat(events).containsExactly("finally", "again");
    assertThat(closed.isCompleted()).isTrue();
    assertThatExceptionOfType(IllegalContinuationStateException.class)
        .isThrownBy(closed::resume)
        .withMessageContaining("is closed");
    Continuation unbegun = Continuation.live(self -> events.add("ran"));
    unbegun.close();
    assertThat(events).hasSize(2);
  }

  @Test
  void aLiveOneSaysHowToMakeOneThatCanBeCopied() {
    Continuation live = Continuation.live(SuspendCapability::suspend);
    live.resume();
    assertThatIllegalStateException()
        .isThrownBy(live::copy)
        .withMessageContaining("new Continuation(entryPoint)");
    live.close();
  }

  @Test
  void anEntryPointThatCannotBeSerialisedRunsAndSaysWhyItCannotBeCopied() {
    Object notSerialisable = new Object();
    Continuation continuation = new Continuation(self -> self.suspend(notSerialisable));
    assertThat(continuation.resume()).isTrue();
    assertThatIllegalStateException()
        .isThrownBy(continuation::copy)
        .withMessageContaining("java.lang.Object");
    continuation.close();
  }

  @Test
  void theFirstResumeTakesNoInput() {
    Continuation continuation = new Continuation(SuspendCapability::suspend);
    assertThatIllegalArgumentException().isThrownBy(() -> continuation.resume("early"));
    assertThat(continuation.isResumable()).isTrue();
  }

  @Test
  void snapshotsShortenTheHistory() {
    Counting.starts.set(0);
    Continuation first = new Continuation(new Counting());
    for (int i = 0; i < 10; i++) {
      assertThat(first.resume(i == 0 ? null : "input " + i)).isTrue();
    }
    assertThat(first.value()).isEqualTo(9);
    assertThat(first.historyLength()).isLessThan(4);
    Continuation second = first.copy();
    second.resume("input");
    assertThat(second.value()).isEqualTo(10);
    assertThat(first.value()).isEqualTo(9);
    assertThat(Counting.starts).hasValue(2);
    first.close();
    second.close();
  }

  private static final class Counting implements ContinuationEntryPoint {
    private static final long serialVersionUID = 1L;
    private static final AtomicInteger starts = new AtomicInteger();
    private int count;

    @Override
    public void start(SuspendCapability self) {
      starts.incrementAndGet();
      while (true) {
        if (count % 4 == 0) {
          self.snapshot();
        }
        self.suspend(count);
        count++;
      }
    }
  }

  @Test
  void aReplayThatGoesAnotherWayIsNoticed() {
    AtomicInteger runs = new AtomicInteger();
    RUNS = runs;
    Continuation first =
        new Continuation(
            self -> {
              if (RUNS.incrementAndGet() == 1) {
                self.suspend();
              }
              self.once(() -> 5);
              self.suspend();
            });
    first.resume();
    first.resume();
    Continuation second = first.copy();
    assertThatExceptionOfType(NonDeterministicContinuationException.class)
        .isThrownBy(second::resume)
        .withMessageContaining("Step 1")
        .withMessageContaining("input")
        .withMessageContaining("once")
        .withMessageContaining("ContinuationTest.java");
    assertThat(second.isCompleted()).isTrue();
    first.close();
  }

  private static AtomicInteger RUNS;
}
