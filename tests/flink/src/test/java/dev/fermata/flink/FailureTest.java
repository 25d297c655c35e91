// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.util.OutputTag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of functions and calls that fail. */
@Timeout(20)
class FailureTest {
  private static final OutputTag<Tuple2<Tuple2<String, Integer>, String>> DEAD_LETTERS =
      new OutputTag<>("dead-letters", Types.TUPLE(OperatorRig.ELEMENT, Types.STRING));

  private static DurableFunction<String, Tuple2<String, Integer>, String> calling(
      Callable<String> call) {
    return calling(CallOptions.create(), call);
  }

  private static DurableFunction<String, Tuple2<String, Integer>, String> calling(
      CallOptions options, Callable<String> call) {
    return (element, context, out) ->
        out.collect(context.call("call", Types.STRING, options, call));
  }

  /** Sends an element and runs mails until one throws. */
  private static void process(OperatorRig rig) throws Exception {
    rig.send("a", 1, 7).runUntil(() -> false);
  }

  @Test
  void anExceptionOfTheFunctionFailsTheTaskAndNamesTheKey() throws Exception {
    IllegalStateException thrown = new IllegalStateException("broken");
    try (OperatorRig rig =
        OperatorRig.open(
            (element, context, out) -> {
              context.sleep(Duration.ofMillis(1));
              throw thrown;
            })) {
      assertThatThrownBy(() -> process(rig))
          .isInstanceOf(DurableFunctionException.class)
          .hasMessageContaining("key 'a' and timestamp 7")
          .hasCause(thrown);
    }
  }

  @Test
  void anErrorPassesAsItIs() throws Exception {
    NoClassDefFoundError thrown = new NoClassDefFoundError("gone");
    try (OperatorRig rig =
        OperatorRig.open(
            calling(
                () -> {
                  throw thrown;
                }))) {
      assertThatThrownBy(() -> process(rig)).isSameAs(thrown);
    }
  }

  @Test
  void aFailedCallTellsWhatItThrew() throws Exception {
    IOException thrown = new IOException("no route");
    AtomicReference<CallFailedException> caught = new AtomicReference<>();
    try (OperatorRig rig =
        OperatorRig.open(
            (element, context, out) -> {
              try {
                context.call(
                    "call",
                    String.class,
                    () -> {
                      throw thrown;
                    });
              } catch (CallFailedException failed) {
                caught.set(failed);
              }
            })) {
      rig.send("a", 1, 7);
      rig.runUntil(() -> caught.get() != null);
    }
    assertThat(caught.get())
        .hasMessage("The call 'call' failed after 1 attempt: java.io.IOException: no route")
        .hasCause(thrown);
    assertThat(caught.get().call()).isEqualTo("call");
    assertThat(caught.get().failureType()).isEqualTo("java.io.IOException");
    assertThat(caught.get().failureMessage()).isEqualTo("no route");
    assertThat(caught.get().attempts()).isEqualTo(1);
  }

  @Test
  void aGatherWaitsForAllAndTellsEachFailure() throws Exception {
    AtomicReference<CallFailedException> caught = new AtomicReference<>();
    AtomicInteger ended = new AtomicInteger();
    Callable<String> good =
        () -> {
          ended.incrementAndGet();
          return "good";
        };
    Callable<String> bad =
        () -> {
          ended.incrementAndGet();
          throw new IOException("bad");
        };
    try (OperatorRig rig =
        OperatorRig.open(
            (element, context, out) -> {
              try {
                context.gather("part", String.class, List.of(good, bad, good, bad));
              } catch (CallFailedException failed) {
                caught.set(failed);
              }
            })) {
      rig.send("a", 1, 7);
      rig.runUntil(() -> caught.get() != null);
    }
    assertThat(ended).hasValue(4);
    assertThat(caught.get().call()).isEqualTo("part[1]");
    assertThat(caught.get().getSuppressed())
        .singleElement()
        .satisfies(other -> assertThat(other).hasMessageContaining("part[3]"));
  }

  @Test
  void aFailedCallIsMadeAgain() throws Exception {
    AtomicInteger attempts = new AtomicInteger();
    CallOptions threeTimes =
        CallOptions.create()
            .retry(RetryPolicy.exponential(3, Duration.ofMillis(1), Duration.ofMillis(2)));
    try (OperatorRig rig =
        OperatorRig.open(
            calling(
                threeTimes,
                () -> {
                  if (attempts.incrementAndGet() < 3) {
                    throw new IOException("not yet");
                  }
                  return "at last";
                }))) {
      rig.send("a", 1, 7);
      rig.runUntilOutput(1);
      assertThat(rig.output()).containsExactly("at last");
    }
    assertThat(attempts).hasValue(3);
  }

  @Test
  void thePolicyChoosesWhatIsMadeAgain() throws Exception {
    AtomicInteger attempts = new AtomicInteger();
    CallOptions options =
        CallOptions.create()
            .retry(
                RetryPolicy.exponential(9, Duration.ZERO, Duration.ZERO)
                    .onlyIf(failure -> failure instanceof IOException));
    try (OperatorRig rig =
        OperatorRig.open(
            calling(
                options,
                () -> {
                  if (attempts.incrementAndGet() == 1) {
                    throw new IOException("again");
                  }
                  throw new IllegalArgumentException("never again");
                }))) {
      assertThatThrownBy(() -> process(rig))
          .hasRootCauseInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("after 2 attempts");
    }
    assertThat(attempts).hasValue(2);
  }

  @Test
  void theDeadlineEndsAnAttempt() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    CallOptions options = CallOptions.create().deadline(Duration.ofMillis(20));
    try (OperatorRig rig =
        OperatorRig.open(
            calling(
                options,
                () -> {
                  try {
                    new CountDownLatch(1).await();
                  } catch (InterruptedException expected) {
                    interrupted.countDown();
                  }
                  throw new UncheckedIOException(new IOException("in answer to the interrupt"));
                }))) {
      assertThatThrownBy(() -> process(rig))
          .hasMessageContaining("java.util.concurrent.TimeoutException: no result within PT0.02S");
      interrupted.await();
    }
  }

  @Test
  void anElementThatGaveUpGoesToTheDeadLetters() throws Exception {
    ValueStateDescriptor<Integer> count = new ValueStateDescriptor<>("count", Types.INT);
    try (OperatorRig rig =
        OperatorRig.open(
            (element, context, out) -> {
              Integer before = context.getState(count).value();
              context.getState(count).update(element.f1);
              out.collect("before " + before);
              if (element.f1 == 1) {
                context.call(
                    "call",
                    String.class,
                    () -> {
                      throw new IOException("no route");
                    });
              }
            },
            OperatorRig.options().deadLetters(DEAD_LETTERS))) {
      rig.send("a", 1, 7).send("a", 2, 8);
      rig.runUntilOutput(1);
      // Neither its output nor its write took effect.
      assertThat(rig.output()).containsExactly("before null");
      assertThat(rig.harness.getSideOutput(DEAD_LETTERS))
          .singleElement()
          .satisfies(
              letter -> {
                assertThat(letter.getValue().f0).isEqualTo(Tuple2.of("a", 1));
                assertThat(letter.getValue().f1).contains("The call 'call' failed", "no route");
                assertThat(letter.getTimestamp()).isEqualTo(7);
              });
    }
  }

  @Test
  void aBugIsNoDeadLetter() throws Exception {
    try (OperatorRig rig =
        OperatorRig.open(
            (element, context, out) -> {
              throw new NullPointerException("bug");
            },
            OperatorRig.options().deadLetters(DEAD_LETTERS))) {
      assertThatThrownBy(() -> rig.send("a", 1, 7)).isInstanceOf(DurableFunctionException.class);
    }
  }

  @Test
  void theContextIsOfNoUseElsewhere() throws Exception {
    AtomicReference<DurableContext<String>> kept = new AtomicReference<>();
    try (OperatorRig rig =
        OperatorRig.open(
            (element, context, out) -> {
              kept.set(context);
              context.call("call", String.class, () -> context.key());
            })) {
      assertThatThrownBy(() -> process(rig))
          .hasRootCauseInstanceOf(IllegalStateException.class)
          .hasMessageContaining("used outside its function");
      assertThatThrownBy(() -> kept.get().key())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("key 'a'");
    }
  }

  @Test
  void optionsComeFromTheJobUnlessSet() {
    Configuration job = new Configuration();
    job.set(FermataOptions.CAPACITY, 0);
    assertThatThrownBy(() -> OperatorRig.options().resolve(job))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("fermata.capacity must be at least 1, but is 0");
    assertThat(OperatorRig.options().capacity(1).resolve(job)).isNotNull();
  }

  @Test
  void settingAsideNeedsADeadLetterOutput() {
    assertThatThrownBy(
            () ->
                OperatorRig.options()
                    .onChangedCalls(OnChangedCalls.DEAD_LETTER)
                    .resolve(new Configuration()))
        .hasMessageContaining("fermata.on-changed-calls needs a side output");
  }
}
