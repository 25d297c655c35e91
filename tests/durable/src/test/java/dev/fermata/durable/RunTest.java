// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionAbortedError;
import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.Strategy;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.JournalRecord.ActionFinished;
import dev.fermata.journal.JournalRecord.CallFinished;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs of actions: one at a time under an id, ended from outside, forgotten. */
@ParameterizedClass
@MethodSource("dev.fermata.durable.Rig#strategies")
@Timeout(value = 100, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RunTest {
  private final CountDownLatch never = new CountDownLatch(1);
  private final AtomicInteger made = new AtomicInteger();
  @Parameter Strategy strategy;
  private Rig rig;

  @BeforeEach
  void open() {
    rig = new Rig(strategy);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void twoRunsOfOneActionAtATimeAreRefused() throws Exception {
    CompletableFuture<String> release = new CompletableFuture<>();
    CompletableFuture<String> first =
        rig.start("action", context -> context.await(stage(context, release)));
    Rig.until("it runs", () -> !rig.journal.records("action").isEmpty());
    try (Rig other = new Rig(strategy)) {
      Throwable thrown =
          Rig.failureOf(rig.actions.start(other.loop, "action", null, context -> "second"));

      assertThat(thrown)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("'action' is running");
      assertThatThrownBy(() -> rig.actions.forget("action"))
          .isInstanceOf(IllegalStateException.class);
    }
    release.complete("first");

    assertThat(Rig.join(first)).isEqualTo("first");
    assertThat(rig.<String>run("action", context -> "again")).isEqualTo("again");
  }

  private static DurableCall<String> stage(DurableContext context, CompletableFuture<String> stage)
      throws Exception {
    return context.callStage("stage", String.class, () -> stage);
  }

  @Test
  void anActionThatReturnedIsForgottenAndItsIdFree() {
    DurableBody<Integer> body = context -> context.call("call", Integer.class, this::count);

    assertThat(rig.run("action", body)).isEqualTo(1);
    assertThat(rig.journal.records("action")).isEmpty();
    assertThat(rig.run("action", body)).isEqualTo(2);
  }

  @Test
  void anActionThatThrewKeepsItsRecord() {
    DurableBody<Integer> body =
        context -> {
          int call = context.call("call", Integer.class, this::count);
          if (made.get() == 1 && context.actionId().equals("action")) {
            made.incrementAndGet();
            throw new IllegalStateException("a defect, mended later");
          }
          return call;
        };

    assertThat(rig.failureOf("action", body)).hasMessageContaining("a defect");
    assertThat(rig.run("action", body)).isEqualTo(1);
  }

  @Test
  void anActionThatIsKeptReturnsTheSameUntilItIsForgotten() {
    rig.with(builder -> builder.forgetOnReturn(false));
    DurableBody<String> body =
        context -> {
          int call = context.call("call", Integer.class, this::count);
          Instant now = context.now();
          return call + " at " + now + ", " + context.random().nextInt();
        };
    String first = rig.run("action", body);
    assertThat(rig.journal.syncs()).as("syncs of what follows the last outcome").isEqualTo(1);
    List<JournalRecord> records = rig.journal.acknowledged();

    assertThat(rig.run("action", body)).isEqualTo(first);
    rig.restart();
    assertThat(rig.run("action", body)).isEqualTo(first);
    assertThat(rig.journal.acknowledged()).isEqualTo(records);
    assertThat(made).hasValue(1);

    rig.actions.forget("action");
    rig.actions.forget("action");
    assertThat(rig.journal.acknowledged(ActionFinished.class)).hasSize(1);
    assertThat(rig.run("action", body)).startsWith("2 at");
  }

  @Test
  void anAbortIsNotRecorded() {
    CountDownLatch running = new CountDownLatch(1);
    AtomicReference<Throwable> seen = new AtomicReference<>();
    CompletableFuture<String> result =
        rig.start(
            "action",
            context -> {
              context.call("first", Integer.class, this::count);
              try {
                return context.call(
                    "second",
                    String.class,
                    () -> {
                      running.countDown();
                      Rig.await(never);
                      return "too late";
                    });
              } catch (ActionAbortedError aborted) {
                seen.set(aborted);
                assertThatThrownBy(context::now).isInstanceOf(ActionAbortedError.class);
                assertThatThrownBy(() -> context.call("third", Integer.class, this::count))
                    .isInstanceOf(ActionAbortedError.class);
                return "swallowed";
              }
            });
    Rig.until("the call runs", () -> running.getCount() == 0);

    rig.close();

    assertThat(Rig.failureOf(result)).isInstanceOf(ActionAbortedError.class);
    assertThat(seen.get()).isInstanceOf(ActionAbortedError.class);
    assertThat(made).hasValue(1);
    assertThat(rig.journal.acknowledged(CallFinished.class)).hasSize(1);
    assertThat(rig.journal.acknowledged(ActionFinished.class)).isEmpty();

    try (Rig next = new Rig(strategy)) {
      next.restart(RecordList.of(rig.journal.acknowledged()));
      assertThat(
              next.<String>run(
                  "action",
                  context ->
                      context.call("first", Integer.class, this::count)
                          + context.call("second", String.class, () -> " and done")))
          .isEqualTo("1 and done");
      assertThat(made).hasValue(1);
    }
  }

  @Test
  void aCancellationIsNotRecorded() {
    CountDownLatch running = new CountDownLatch(1);
    AtomicReference<ContinuationContext> action = new AtomicReference<>();
    CompletableFuture<String> result =
        rig.loop.submit(
            scope -> {
              action.set(scope.context());
              return rig.actions.run(
                  scope,
                  "action",
                  null,
                  context -> {
                    try {
                      return context.call(
                          "call",
                          String.class,
                          () -> {
                            running.countDown();
                            Rig.await(never);
                            return "too late";
                          });
                    } catch (FermataException cancelled) {
                      assertThatThrownBy(context::now).isSameAs(cancelled);
                      return "swallowed";
                    }
                  });
            });
    Rig.until("the call runs", () -> running.getCount() == 0);

    rig.loop.executor().cancel(action.get());

    assertThat(Rig.failureOf(result))
        .isInstanceOfSatisfying(
            FermataException.class,
            thrown -> assertThat(thrown.kind()).isEqualTo(ErrorKind.CANCELLED));
    assertThat(rig.journal.acknowledged(CallFinished.class)).isEmpty();
    assertThat(rig.journal.acknowledged(ActionFinished.class)).isEmpty();
  }

  /** Its outcome was under way to the journal when the first run ended. */
  @Test
  void theNextRunWaitsForWhatIsUnderWayToTheJournal() {
    rig.journal.hold(record -> record instanceof CallFinished);
    IllegalStateException thrown = new IllegalStateException("of the action");
    CompletableFuture<Integer> first =
        rig.start(
            "action",
            context -> {
              context.callAsync("call", Integer.class, this::count);
              Rig.until("its outcome is appended", () -> rig.journal.held() == 1);
              rig.journal.fail(record -> record instanceof CallFinished, thrown);
              context.callAsync("refused", Integer.class, this::count);
              Rig.until(
                  "the other is refused", () -> rig.journal.asked(CallFinished.class).size() == 2);
              throw thrown;
            });
    assertThat(Rig.failureOf(first)).isSameAs(thrown);
    rig.journal.recover();
    CompletableFuture<Integer> second =
        rig.start(
            "action",
            context ->
                10 * context.call("call", Integer.class, this::count)
                    + context.call("refused", Integer.class, this::count));
    if (strategy != Strategy.INLINE) {
      Rig.join(rig.loop.submit(scope -> null));
      assertThat(second).isNotDone();
    }

    rig.journal.release();

    assertThat(Rig.join(second)).isEqualTo(13);
    assertThat(made).hasValue(3);
  }

  @Test
  void theDefaultDeadlineOfTheExecutorIsNotForTheWaitForTheRunBefore() {
    try (Rig hurried =
        new Rig(strategy, builder -> builder.defaultDeadline(Duration.ofMillis(20)))) {
      hurried.journal.hold(record -> record instanceof CallFinished);
      CompletableFuture<Integer> first =
          hurried.start(
              "action",
              context -> {
                counted(context);
                Rig.until("its outcome is appended", () -> hurried.journal.held() == 1);
                throw new IllegalStateException("of the action");
              });
      assertThat(Rig.failureOf(first)).hasMessage("of the action");
      CompletableFuture<Integer> second =
          hurried.start("action", context -> context.await(counted(context)));
      if (strategy != Strategy.INLINE) {
        // Ends by the default deadline, which begins later than that of the wait.
        assertThat(
                Rig.failureOf(hurried.loop.submit(scope -> scope.await(new CompletableFuture<>()))))
            .isInstanceOf(FermataException.class);
      }
      hurried.journal.release();

      assertThat(Rig.join(second)).isEqualTo(1);
    }
  }

  @Test
  void aValueThatIsReplayedIsDurableWhenItsActionReturns() {
    rig.with(builder -> builder.forgetOnReturn(false));
    AtomicInteger runs = new AtomicInteger();
    DurableBody<String> body =
        context -> {
          String now = context.now().toString();
          if (runs.incrementAndGet() == 1) {
            throw new IllegalStateException("after the value");
          }
          return now;
        };
    assertThat(rig.failureOf("action", body)).hasMessage("after the value");
    assertThat(rig.journal.syncs()).isZero();

    rig.run("action", body);

    assertThat(rig.journal.syncs()).isEqualTo(1);
  }

  @Test
  void anActionIsForgottenAtTheLevelOfTheOptions() {
    rig.with(builder -> builder.forgetOnReturn(false));
    rig.run("action", context -> context.call("call", Integer.class, this::count));
    // Holds back what has to reach the disk.
    rig.journal.hold(record -> record instanceof ActionFinished);

    CompletableFuture<Void> forgotten =
        CompletableFuture.runAsync(() -> rig.actions.forget("action"));
    Rig.until("its end is on the way to the disk", () -> rig.journal.held() == 1);
    assertThat(forgotten).isNotDone();
    rig.journal.release();

    Rig.join(forgotten);
    assertThat(rig.journal.records("action")).isEmpty();
  }

  @Test
  void manyActionsAreForgottenTogether() {
    rig.with(builder -> builder.forgetOnReturn(false));
    rig.run("one", context -> context.call("call", Integer.class, this::count));
    rig.run("two", context -> context.call("call", Integer.class, this::count));
    rig.journal.hold(record -> record instanceof ActionFinished);

    CompletableFuture<Void> forgotten =
        CompletableFuture.runAsync(() -> rig.actions.forget(Set.of("one", "two", "unknown")));
    Rig.until("both are on the way to the disk", () -> rig.journal.held() == 2);
    rig.journal.release();

    Rig.join(forgotten);
    assertThat(rig.journal.acknowledged(ActionFinished.class)).hasSize(2);
  }

  @Test
  void anActionOfAnExecutorIsDurableToo() {
    AtomicReference<Object> result = new AtomicReference<>();
    try (ContinuationActionExecutor executor = new ContinuationActionExecutor(2)) {
      ContinuationContext context = new ContinuationContext();
      Runnable action =
          () -> {
            try {
              result.set(
                  rig.actions.run(
                      executor,
                      context,
                      "action",
                      null,
                      durable -> {
                        durable.sleep(Duration.ofMillis(1));
                        return durable.call("call", Integer.class, this::count);
                      }));
            } catch (Exception failed) {
              result.set(failed);
            }
          };
      while (!executor.executeAction(context, action)) {
        executor.awaitReady(Duration.ofSeconds(40));
      }
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }

    assertThat(result).hasValue(1);
    assertThat(rig.journal.acknowledged(CallFinished.class)).hasSize(1);
  }

  @Test
  void aCallUnderAMonitorIsMadeInPlaceAndRecorded() {
    Object monitor = new Object();

    int result =
        rig.run(
            "action",
            context -> {
              synchronized (monitor) {
                return context.call(
                    "call",
                    Integer.class,
                    () -> {
                      // With VIRTUAL on a worker: the monitor stays the action's.
                      return strategy == Strategy.VIRTUAL || Thread.holdsLock(monitor) ? 1 : 2;
                    });
              }
            });

    assertThat(result).isEqualTo(1);
    assertThat(rig.journal.acknowledged(CallFinished.class)).hasSize(1);
  }

  @Test
  void anInputThatCannotBeSerialisedIsRefused() {
    Throwable thrown =
        Rig.failureOf(rig.actions.start(rig.loop, "action", new Object(), context -> "not run"));

    assertThat(thrown)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("input of the action 'action'");
    assertThat(rig.<String>run("action", context -> "run")).isEqualTo("run");
  }

  @Test
  void tenThousandActionsAtOnceEndAndAreReplayed() {
    int actions = strategy == Strategy.HANDOFF ? 1_000 : 10_000;
    rig.with(builder -> builder.forgetOnReturn(false));
    DurableBody<Integer> body =
        context -> {
          int first = context.call("first", Integer.class, this::count);
          DurableCall<Integer> second = context.callAsync("second", Integer.class, this::count);
          DurableCall<Integer> third =
              context.callStage("third", Integer.class, () -> CompletableFuture.completedFuture(1));
          return first + context.await(second) + context.await(third);
        };
    List<Integer> results = runAll(actions, body);
    assertThat(made).hasValue(2 * actions);

    rig.restart();

    assertThat(runAll(actions, body)).isEqualTo(results);
    assertThat(made).hasValue(2 * actions);
  }

  private List<Integer> runAll(int actions, DurableBody<Integer> body) {
    List<CompletableFuture<Integer>> futures = new ArrayList<>();
    for (int i = 0; i < actions; i++) {
      futures.add(rig.start("action-" + i, body));
    }
    List<Integer> results = new ArrayList<>();
    futures.forEach(future -> results.add(Rig.join(future)));
    return results;
  }

  /** A call that no deadline of the executor ends. */
  private DurableCall<Integer> counted(DurableContext context) throws Exception {
    return context.callStage(
        "call", Integer.class, () -> CompletableFuture.completedFuture(count()));
  }

  private int count() {
    return made.incrementAndGet();
  }
}
