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
import dev.fermata.journal.JournalRecord.ActionFinished;
import dev.fermata.journal.JournalRecord.CallFinished;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Runs of actions: how they end, and what the next one finds. */
class RunTest extends UnderEachStrategy {
  private final CountDownLatch never = new CountDownLatch(1);
  private final AtomicInteger made = new AtomicInteger();

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

  private int count() {
    return made.incrementAndGet();
  }
}
