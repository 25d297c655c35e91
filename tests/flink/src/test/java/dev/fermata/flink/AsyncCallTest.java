// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Calls of asynchronous clients: recorded, retried and ended as blocking ones, held by no thread.
 */
@Timeout(20)
class AsyncCallTest {
  private final Gates gates = new Gates();
  private final Gates later = new Gates();

  /** Two calls for each element. */
  private static DurableFunction<String, Tuple2<String, Integer>, String> twoCalls(Gates gates) {
    return (element, context, out) -> {
      String id = element.f0 + element.f1;
      String first = context.callAsync("first", String.class, gates.stage(id + "first"));
      String second = context.callAsync("second", String.class, gates.stage(id + "second"));
      out.collect(id + " " + first + " " + second);
    };
  }

  private static DurableFunction<String, Tuple2<String, Integer>, String> calling(
      CallOptions options, Supplier<? extends CompletionStage<String>> call) {
    return (element, context, out) ->
        out.collect(context.callAsync("call", Types.STRING, options, call));
  }

  private static CompletableFuture<String> failed(Throwable failure) {
    return CompletableFuture.failedFuture(failure);
  }

  /** Sends an element and runs mails until one throws. */
  private static void process(OperatorRig rig) throws Exception {
    rig.send("a", 1, 7).runUntil(() -> false);
  }

  @Test
  void callsAreUnderWayAtOnceAndHoldNoWorker() throws Exception {
    int keys = 100;
    try (OperatorRig rig =
        OperatorRig.open(
            (element, context, out) ->
                out.collect(
                    element.f0.equals("blocking")
                        ? context.call("call", String.class, () -> "the worker is free")
                        : context.callAsync("call", String.class, gates.stage(element.f0))),
            OperatorRig.options().asyncThreads(1))) {
      for (int i = 0; i < keys; i++) {
        rig.send("k" + i, i, i);
      }
      rig.send("blocking", keys, keys);
      rig.runUntilOutput(1);
      assertThat(gates.made).hasSize(keys);
      assertThat(rig.output()).containsExactly("the worker is free");

      for (int i = 0; i < keys; i++) {
        gates.open("k" + i);
      }
      rig.runUntilOutput(keys + 1);
    }
  }

  @Test
  void finishedCallsAreNotMadeAgain() throws Exception {
    OperatorSubtaskState state;
    try (OperatorRig rig = OperatorRig.open(twoCalls(gates))) {
      rig.send("a", 1, 1);
      gates.open("a1first", "1");
      rig.runNextMail();
      gates.awaitBegun("a1second");
      // Done, but the function has not gone on.
      gates.open("a1second", "2");
      state = rig.snapshot();
    }
    try (OperatorRig rig = OperatorRig.restore(twoCalls(later), OperatorRig.options(), state)) {
      rig.runUntilOutput(1);
      assertThat(rig.output()).containsExactly("a1 1 2");
    }
    assertThat(gates.made).containsExactly("a1first", "a1second");
    assertThat(later.made).isEmpty();
  }

  @Test
  void aBlockingCallMayAnswerFromItsRecord() throws Exception {
    OperatorSubtaskState state;
    try (OperatorRig rig = OperatorRig.open(twoCalls(gates))) {
      rig.send("a", 1, 1);
      gates.open("a1first", "1");
      rig.runNextMail();
      state = rig.snapshot();
    }
    DurableFunction<String, Tuple2<String, Integer>, String> blocking =
        (element, context, out) ->
            out.collect(
                context.call("first", String.class, later.call("first"))
                    + context.call("second", String.class, later.call("second")));
    later.open("second", "2");
    try (OperatorRig rig = OperatorRig.restore(blocking, OperatorRig.options(), state)) {
      rig.runUntilOutput(1);
      assertThat(rig.output()).containsExactly("12");
    }
    assertThat(later.made).containsExactly("second");
  }

  @Test
  void aFailureIsToldAndRecorded() throws Exception {
    IOException thrown = new IOException("no route");
    List<CallFailedException> caught = new ArrayList<>();
    DurableFunction<String, Tuple2<String, Integer>, String> function =
        (element, context, out) -> {
          try {
            context.callAsync(
                "call", String.class, () -> failed(thrown).thenApply(never -> "never"));
          } catch (CallFailedException failed) {
            caught.add(failed);
          }
          context.callAsync("next", String.class, gates.stage("next"));
        };
    OperatorSubtaskState state;
    try (OperatorRig rig = OperatorRig.open(function)) {
      rig.send("a", 1, 7);
      rig.runUntil(() -> gates.made.contains("next"));
      state = rig.snapshot();
    }
    try (OperatorRig rig = OperatorRig.restore(function, OperatorRig.options(), state)) {
      rig.runUntil(() -> gates.made.size() == 2);
    }
    assertThat(caught)
        .hasSize(2)
        .allSatisfy(
            failed ->
                assertThat(failed)
                    .hasMessage(
                        "The call 'call' failed after 1 attempt: java.io.IOException: no route"));
    assertThat(caught.get(0)).hasCause(thrown);
  }

  @Test
  void aFailedCallIsMadeAgain() throws Exception {
    AtomicInteger attempts = new AtomicInteger();
    CallOptions threeTimes =
        CallOptions.create()
            .retry(RetryPolicy.exponential(3, Duration.ofMillis(1), Duration.ofMillis(2)));
    Supplier<CompletableFuture<String>> call =
        () -> {
          switch (attempts.incrementAndGet()) {
            case 1:
              throw new IllegalStateException("could not begin");
            case 2:
              return failed(new IOException("not yet"));
            default:
              return CompletableFuture.completedFuture("at last");
          }
        };
    try (OperatorRig rig = OperatorRig.open(calling(threeTimes, call))) {
      rig.send("a", 1, 7);
      rig.runUntilOutput(1);
      assertThat(rig.output()).containsExactly("at last");
    }
    assertThat(attempts).hasValue(3);
  }

  @Test
  void theDeadlineCancelsTheStage() throws Exception {
    CompletableFuture<String> never = new CompletableFuture<>();
    CallOptions options = CallOptions.create().deadline(Duration.ofMillis(20));
    try (OperatorRig rig = OperatorRig.open(calling(options, () -> never))) {
      assertThatThrownBy(() -> process(rig))
          .hasMessageContaining("java.util.concurrent.TimeoutException: no result within PT0.02S");
      assertThat(never).isCancelled();
    }
  }

  @Test
  void closingCancelsTheStage() throws Exception {
    CompletableFuture<String> never = new CompletableFuture<>();
    try (OperatorRig rig = OperatorRig.open(calling(CallOptions.create(), () -> never))) {
      rig.send("a", 1, 7);
    }
    assertThat(never).isCancelled();
  }

  @Test
  void anErrorPassesAsItIs() throws Exception {
    NoClassDefFoundError thrown = new NoClassDefFoundError("gone");
    try (OperatorRig rig = OperatorRig.open(calling(CallOptions.create(), () -> failed(thrown)))) {
      assertThatThrownBy(() -> process(rig)).isSameAs(thrown);
    }
  }

  @Test
  void theContextIsOfNoUseWhileACallBegins() throws Exception {
    AtomicReference<Exception> refused = new AtomicReference<>();
    try (OperatorRig rig =
        OperatorRig.open(
            (element, context, out) ->
                out.collect(
                    context.callAsync(
                        "call",
                        String.class,
                        () -> {
                          try {
                            context.key();
                          } catch (IllegalStateException expected) {
                            refused.set(expected);
                          }
                          return CompletableFuture.completedFuture("done");
                        })))) {
      rig.send("a", 1, 7);
      rig.runUntilOutput(1);
    }
    assertThat(refused.get()).hasMessageContaining("used outside its function");
  }
}
