// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.Strategy;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.JournalRecord.CallFinished;
import dev.fermata.journal.JournalRecord.CallStarted;
import dev.fermata.journal.JournalRecord.ValueRecorded;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What calls give to their action and to the record, in the run that makes them. */
class CallTest extends UnderEachStrategy {
  private final CountDownLatch never = new CountDownLatch(1);
  private final AtomicInteger calls = new AtomicInteger();

  @Test
  void aCallReturnsItsResultAndIsRecordedWithItsArguments() {
    ResultType<Map<String, List<Integer>>> type = new ResultType<>() {};
    Map<String, List<Integer>> result = new TreeMap<>(Map.of("a", List.of(1, 2)));

    Map<String, List<Integer>> returned =
        rig.run(
            "action",
            context -> context.call("map", type, CallOptions.create(), () -> result, "x", 7));

    assertThat(returned).isEqualTo(result);
    CallStarted started = rig.journal.acknowledged(CallStarted.class).get(0);
    CallFinished finished = rig.journal.acknowledged(CallFinished.class).get(0);
    assertThat(started.function()).isEqualTo("map");
    assertThat(started.arguments()).isEqualTo(Digests.of("[\"x\",7]".getBytes()));
    assertThat(started.place()).isZero();
    assertThat(finished.value()).asString().isEqualTo("{\"a\":[1,2]}");
    assertThat(rig.journal.records("action")).isEmpty();
  }

  @Test
  void nullIsAResult() {
    assertThat(rig.<String>run("action", context -> context.call("null", String.class, () -> null)))
        .isNull();
    assertThat(rig.journal.acknowledged(CallFinished.class)).hasSize(1);
  }

  @Test
  void whatACallThrowsArrivesAsTheSameObjectWithTheStackOfTheAction() {
    IOException failure = new IOException("no route");

    Throwable thrown = rig.failureOf("action", context -> callThatThrows(context, failure));

    assertThat(thrown).isSameAs(failure);
    assertThat(failure.getSuppressed()).hasSize(1);
    assertThat(failure.getSuppressed()[0].getStackTrace())
        .anyMatch(frame -> frame.getMethodName().equals("callThatThrows"));
    CallFinished recorded = rig.journal.acknowledged(CallFinished.class).get(0);
    assertThat(recorded.exception().type()).isEqualTo("java.io.IOException");
    assertThat(recorded.exception().message()).isEqualTo("no route");
    assertThat(recorded.exception().stack()).contains("CallTest");
  }

  private static String callThatThrows(DurableContext context, Exception failure) throws Exception {
    return context.call(
        "fails",
        String.class,
        () -> {
          throw failure;
        });
  }

  /** What a stage wraps failures in may be what the call itself throws. */
  @Test
  void failuresThatStagesThrowArriveAsTheSameObjectToo() {
    for (Exception failure :
        List.of(
            new CompletionException(new IOException("of a join()")),
            new CancellationException("of somebody else"))) {
      String id = failure.getClass().getSimpleName();
      int caught =
          rig.run(
              id,
              context -> {
                assertThatThrownBy(() -> callThatThrows(context, failure)).isSameAs(failure);
                return context.call("goes on", Integer.class, () -> 1);
              });

      assertThat(caught).isEqualTo(1);
      assertThat(rig.journal.asked(CallFinished.class))
          .filteredOn(end -> end.action().equals(id) && end.place() == 0)
          .extracting(end -> end.exception().type())
          .containsExactly(failure.getClass().getName());
    }
    CompletableFuture<String> cancelled = new CompletableFuture<>();
    cancelled.cancel(true);
    rig.run(
        "stage",
        context -> {
          assertThatThrownBy(
                  () -> context.await(context.callStage("stage", String.class, () -> cancelled)))
              .isInstanceOf(CancellationException.class);
          return context.call("goes on", Integer.class, () -> 1);
        });
  }

  @Test
  void anErrorIsNotRecordedAndEndsTheAction() {
    StackOverflowError error = new StackOverflowError("not an outcome");
    AtomicInteger later = new AtomicInteger();

    Throwable thrown =
        rig.failureOf(
            "action",
            context -> {
              try {
                context.call(
                    "fails",
                    String.class,
                    () -> {
                      throw error;
                    });
              } catch (StackOverflowError swallowed) {
                assertThat(swallowed).isSameAs(error);
              }
              assertThatThrownBy(context::now).isSameAs(error);
              assertThatThrownBy(() -> context.call("later", Integer.class, later::incrementAndGet))
                  .isSameAs(error);
              return "an outcome that no other run would have";
            });

    assertThat(thrown).isSameAs(error);
    assertThat(later).hasValue(0);
    assertThat(rig.journal.acknowledged(CallFinished.class)).isEmpty();
    assertThat(rig.journal.records("action")).isNotEmpty();
  }

  /** Such as of an action's own thread whose owner is told to end. */
  @Test
  void anInterruptIsNoOutcome() {
    DurableBody<Integer> body =
        context ->
            context.call(
                "call",
                Integer.class,
                () -> {
                  if (calls.incrementAndGet() == 1) {
                    throw new InterruptedException("of the thread");
                  }
                  return calls.get();
                });
    Throwable thrown = rig.failureOf("action", body);
    assertThat(thrown).isInstanceOf(InterruptedException.class);
    assertThat(rig.journal.asked(CallFinished.class)).isEmpty();

    try (Rig next = new Rig(strategy)) {
      next.restart(RecordList.of(rig.journal.acknowledged()));
      assertThat(next.run("action", body)).isEqualTo(2);
    }
  }

  @Test
  void aCallIsRecordedWhenItEndsAndNotWhenItIsAwaited() {
    rig.run(
        "action",
        context -> {
          DurableCall<String> call = context.callAsync("early", String.class, () -> "done");
          Rig.until(
              "it is recorded", () -> !rig.journal.acknowledged(CallFinished.class).isEmpty());
          return context.await(call);
        });
  }

  @Test
  void theActionGoesOnAfterTheRecordIsAcknowledged() {
    rig.journal.hold(record -> record instanceof CallFinished);
    AtomicInteger passed = new AtomicInteger();
    CompletableFuture<Integer> result =
        rig.start(
            "action",
            context -> {
              context.call("first", String.class, () -> "1");
              return passed.incrementAndGet();
            });
    Rig.until("the outcome is appended", () -> rig.journal.held() == 1);
    assertThat(passed).hasValue(0);

    rig.journal.release();

    assertThat(Rig.join(result)).isEqualTo(1);
  }

  @Test
  void aStageThatCannotBeBegunIsAFailureOfTheCall() {
    IllegalArgumentException refused = new IllegalArgumentException("no such host");

    Throwable thrown =
        rig.failureOf(
            "action",
            context ->
                context.await(
                    context.callStage(
                        "page",
                        String.class,
                        () -> {
                          throw refused;
                        })));

    assertThat(thrown).isSameAs(refused);
    assertThat(rig.journal.acknowledged(CallFinished.class)).hasSize(1);
  }

  @Test
  void aCallThatIsOpenWhenItsActionReturnsIsCancelledAndNotRecorded() {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    CompletableFuture<String> stage = new CompletableFuture<>();
    rig.run(
        "action",
        context -> {
          if (strategy != Strategy.INLINE) {
            context.callAsync(
                "open",
                String.class,
                () -> {
                  running.countDown();
                  try {
                    Rig.await(never);
                  } catch (InterruptedException expected) {
                    interrupted.countDown();
                  }
                  return "too late";
                });
            Rig.await(running);
          }
          context.callStage("stage", String.class, () -> stage);
          return null;
        });

    assertThat(stage).isCancelled();
    if (strategy != Strategy.INLINE) {
      Rig.until("its worker is interrupted", () -> interrupted.getCount() == 0);
    }
    assertThat(rig.journal.acknowledged(CallFinished.class)).isEmpty();
    assertThat(rig.journal.records("action")).isEmpty();
  }

  @Test
  void aContextIsForItsActionAlone() {
    AtomicReference<DurableContext> kept = new AtomicReference<>();
    AtomicReference<DurableCall<String>> call = new AtomicReference<>();
    rig.run(
        "action",
        context -> {
          kept.set(context);
          call.set(context.callAsync("call", String.class, () -> "value"));
          Throwable[] thrown = new Throwable[1];
          Thread other =
              new Thread(
                  () -> {
                    try {
                      context.now();
                    } catch (Throwable expected) {
                      thrown[0] = expected;
                    }
                  });
          other.start();
          other.join();
          assertThat(thrown[0]).isInstanceOf(IllegalStateException.class);
          return context.await(call.get());
        });
    assertThatThrownBy(() -> kept.get().now())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("has ended");

    Throwable nested =
        rig.failureOf(
            "nested",
            context -> context.call("nested", String.class, () -> context.now().toString()));
    assertThat(nested)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("must not use the context");

    assertThat(rig.failureOf("another", context -> context.await(call.get())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("was not begun by this run");
  }

  @Test
  void argumentsThatCannotBeSerialisedAreRefusedBeforeTheCall() {
    AtomicInteger made = new AtomicInteger();
    Object unserialisable = new Object();

    String outcome =
        rig.run(
            "action",
            context -> {
              assertThatThrownBy(
                      () ->
                          context.call(
                              "call", Integer.class, made::incrementAndGet, unserialisable))
                  .isInstanceOf(IllegalArgumentException.class)
                  .hasMessageContaining("arguments of the call 'call'");
              return context.call("fine", String.class, () -> "fine");
            });

    assertThat(outcome).isEqualTo("fine");
    assertThat(made).hasValue(0);
    assertThat(rig.journal.acknowledged(CallStarted.class).get(0).place()).isZero();
  }

  @Test
  void recordsOfOneCallFollowEachOther() {
    rig.run(
        "action",
        context -> {
          context.now();
          return context.call("call", String.class, () -> "value");
        });

    assertThat(rig.journal.acknowledged())
        .extracting(record -> (Object) record.getClass())
        .containsExactly(
            JournalRecord.ActionStarted.class,
            ValueRecorded.class,
            CallStarted.class,
            CallFinished.class,
            JournalRecord.ActionFinished.class);
  }
}
