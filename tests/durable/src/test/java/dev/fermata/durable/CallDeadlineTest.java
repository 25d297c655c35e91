// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.Strategy;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.JournalRecord.CallFinished;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** Deadlines of calls: outcomes like others, and one outcome for each call. */
class CallDeadlineTest extends UnderEachStrategy {
  private static final Duration SOON = Duration.ofMillis(20);

  /** Has passed when the action first waits. */
  private static final Duration AT_ONCE = Duration.ofNanos(1);

  private final CountDownLatch never = new CountDownLatch(1);

  @Test
  void aCallThatIsLateIsRecordedAsTimedOut() {
    AtomicBoolean begun = new AtomicBoolean();
    CountDownLatch interrupted = new CountDownLatch(1);
    DurableBody<String> body =
        context ->
            context.call(
                "late",
                ResultType.of(String.class),
                CallOptions.<String>create().deadline(SOON),
                () -> {
                  begun.set(true);
                  try {
                    Rig.await(never);
                  } catch (InterruptedException expected) {
                    interrupted.countDown();
                  }
                  return "too late";
                });

    Throwable thrown = rig.failureOf("action", body);
    // On a busy machine the deadline may have passed before a worker was there.
    Rig.until("its worker is interrupted", () -> !begun.get() || interrupted.getCount() == 0);
    rig.restart();
    Throwable again = rig.failureOf("action", body);

    assertThat(thrown).isInstanceOf(CallTimedOutException.class).hasMessageContaining("'late'");
    assertThat(again).isInstanceOf(CallTimedOutException.class).hasMessage(thrown.getMessage());
  }

  @Test
  void aStageThatIsLateIsRecordedAsTimedOutAndCancelled() {
    CompletableFuture<String> stage = new CompletableFuture<>();

    String caught =
        rig.run(
            "action",
            context -> {
              DurableCall<String> late =
                  context.callStage(
                      "late",
                      ResultType.of(String.class),
                      CallOptions.<String>create().deadline(SOON),
                      () -> stage);
              try {
                return context.await(late);
              } catch (CallTimedOutException expected) {
                return "timed out";
              }
            });

    assertThat(caught).isEqualTo("timed out");
    assertThat(stage).isCancelled();
    assertThat(rig.journal.acknowledged(CallFinished.class).get(0).exception().type())
        .isEqualTo(CallTimedOutException.class.getName());
  }

  @Test
  void theDefaultDeadlineOfTheExecutorIsForCallsAndNotForTheJournal() {
    try (Rig hurried = new Rig(strategy, builder -> builder.defaultDeadline(SOON))) {
      hurried.journal.hold(record -> record instanceof CallFinished);
      CompletableFuture<String> result =
          hurried.start(
              "action",
              context -> {
                DurableCall<String> late =
                    context.callAsync(
                        "late",
                        String.class,
                        () -> {
                          Rig.await(never);
                          return "too late";
                        });
                try {
                  return context.await(late);
                } catch (CallTimedOutException expected) {
                  return context.call("in time", String.class, () -> "in time");
                }
              });
      Rig.until("the deadline is an outcome", () -> hurried.journal.held() == 1);
      hurried.journal.release();

      assertThat(Rig.join(result)).isEqualTo("in time");
    }
  }

  @Test
  void aStageThatEndsWhileItsDeadlineIsRecordedIsTooLate() {
    rig.with(builder -> builder.forgetOnReturn(false));
    rig.journal.hold(record -> record instanceof CallFinished);
    CompletableFuture<String> stage = new Uncancellable();
    DurableBody<String> body = context -> awaited(context, AT_ONCE, stage);
    CompletableFuture<String> result = rig.start("action", body);
    Rig.until("the deadline is an outcome", () -> rig.journal.held() == 1);

    stage.complete("too late");
    rig.journal.release();

    assertThat(Rig.join(result)).isEqualTo("timed out");
    assertReplayed(body, "timed out");
  }

  @Test
  void aDeadlineThatPassesWhileItsStageIsRecordedIsTooLate() {
    rig.with(builder -> builder.forgetOnReturn(false));
    rig.journal.hold(record -> record instanceof CallFinished);
    CompletableFuture<String> stage = CompletableFuture.completedFuture("in time");
    DurableBody<String> body = context -> awaited(context, AT_ONCE, stage);
    CompletableFuture<String> result = rig.start("action", body);
    Rig.until("the value is an outcome", () -> rig.journal.held() == 1);
    if (strategy != Strategy.INLINE) {
      // Runs when the action has looked at its deadline and waits for the record.
      Rig.join(rig.loop.submit(scope -> null));
    }

    rig.journal.release();

    assertThat(Rig.join(result)).isEqualTo("in time");
    assertReplayed(body, "in time");
  }

  @Test
  void aCallThatReturnsWhileItsDeadlineIsRecordedIsTooLate() {
    rig.with(builder -> builder.forgetOnReturn(false));
    rig.journal.hold(record -> record instanceof CallFinished);
    CountDownLatch interrupted = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    AtomicBoolean begun = new AtomicBoolean();
    AtomicBoolean returned = new AtomicBoolean();
    DurableBody<String> body =
        context ->
            awaited(
                context,
                context.callAsync(
                    "call",
                    ResultType.of(String.class),
                    CallOptions.<String>create().deadline(SOON),
                    () -> {
                      begun.set(true);
                      try {
                        Rig.await(never);
                      } catch (InterruptedException ignored) {
                        interrupted.countDown();
                      }
                      Rig.await(release);
                      returned.set(true);
                      return "too late";
                    }));
    CompletableFuture<String> result = rig.start("action", body);
    if (strategy == Strategy.INLINE) {
      Rig.until("it is interrupted in place", () -> interrupted.getCount() == 0);
    } else {
      Rig.until("the deadline is an outcome", () -> rig.journal.held() == 1);
    }

    release.countDown();
    // On a busy machine the deadline may have passed before a worker was there.
    Rig.until("the call returns", () -> !begun.get() || returned.get());
    Rig.until("the deadline is an outcome", () -> rig.journal.held() == 1);
    rig.journal.release();

    assertThat(Rig.join(result)).isEqualTo("timed out");
    assertReplayed(body, "timed out");
  }

  /** Whichever comes first is recorded, once, and is what each later run gets. */
  @Test
  void aDeadlineThatTiesWithTheEndOfItsCallLeavesOneOutcome() {
    rig.with(builder -> builder.forgetOnReturn(false));
    int rounds = 100;

    String outcomes = rig.run("action", context -> ties(context, rounds, new AtomicInteger()));

    List<JournalRecord> records = rig.journal.acknowledged();
    assertThat(rig.journal.acknowledged(CallFinished.class))
        .extracting(CallFinished::place)
        .hasSize(2 * rounds)
        .doesNotHaveDuplicates();
    AtomicInteger madeAgain = new AtomicInteger();
    rig.restart();
    String again = rig.run("action", context -> ties(context, rounds, madeAgain));
    assertThat(again).isEqualTo(outcomes);
    assertThat(madeAgain).hasValue(0);
    assertThat(rig.journal.acknowledged()).isEqualTo(records);
  }

  private static String ties(DurableContext context, int rounds, AtomicInteger made)
      throws Exception {
    StringBuilder outcomes = new StringBuilder();
    for (int round = 0; round < rounds; round++) {
      Duration deadline = Duration.ofNanos(100_000 + round * 10_000L);
      CallOptions<String> options = CallOptions.<String>create().deadline(deadline);
      DurableCall<String> call =
          context.callAsync(
              "call",
              ResultType.of(String.class),
              options,
              () -> {
                made.incrementAndGet();
                LockSupport.parkNanos(500_000);
                return "in time";
              });
      DurableCall<String> stage =
          context.callStage(
              "stage",
              ResultType.of(String.class),
              options,
              () -> {
                made.incrementAndGet();
                return new CompletableFuture<String>()
                    .completeOnTimeout("in time", 500, TimeUnit.MICROSECONDS);
              });
      outcomes.append(awaited(context, call)).append(' ').append(awaited(context, stage));
    }
    return outcomes.toString();
  }

  private static String awaited(
      DurableContext context, Duration deadline, CompletableFuture<String> stage) throws Exception {
    return awaited(
        context,
        context.callStage(
            "stage",
            ResultType.of(String.class),
            CallOptions.<String>create().deadline(deadline),
            () -> stage));
  }

  private static String awaited(DurableContext context, DurableCall<String> call) throws Exception {
    try {
      return context.await(call);
    } catch (CallTimedOutException late) {
      return "timed out";
    }
  }

  private void assertReplayed(DurableBody<String> body, String outcome) {
    List<JournalRecord> records = rig.journal.acknowledged();
    assertThat(rig.journal.acknowledged(CallFinished.class)).hasSize(1);
    rig.restart();
    assertThat(rig.run("action", body)).isEqualTo(outcome);
    assertThat(rig.journal.acknowledged()).isEqualTo(records);
  }

  /** A stage of an asynchronous API that goes on when nobody wants it any more. */
  private static final class Uncancellable extends CompletableFuture<String> {
    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      return false;
    }
  }
}
