// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.Strategy;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.JournalRecord.ActionFinished;
import dev.fermata.journal.JournalRecord.CallFinished;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Actions that are kept when they have returned, until they are forgotten. */
class KeptActionTest extends UnderEachStrategy {
  private final CountDownLatch never = new CountDownLatch(1);
  private final AtomicInteger made = new AtomicInteger();

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
  void callsThatAreOpenWhenAKeptActionReturnsAreNotMadeAgain() {
    rig.with(builder -> builder.forgetOnReturn(false));
    CountDownLatch running = new CountDownLatch(strategy == Strategy.INLINE ? 0 : 1);
    CountDownLatch interrupted = new CountDownLatch(1);
    CompletableFuture<String> slow = new CompletableFuture<>();
    DurableBody<String> body =
        context -> {
          List<DurableCall<String>> calls = new ArrayList<>();
          calls.add(context.callStage("slow", String.class, () -> counted(slow)));
          calls.add(
              context.callStage(
                  "quick",
                  String.class,
                  () -> counted(CompletableFuture.completedFuture("quick"))));
          if (strategy != Strategy.INLINE) {
            calls.add(
                context.callAsync(
                    "running",
                    String.class,
                    () -> {
                      count();
                      running.countDown();
                      return interrupted(interrupted);
                    }));
          }
          Rig.await(running);
          return context.await(context.any(calls));
        };

    assertThat(rig.run("action", body)).isEqualTo("quick");

    int calls = strategy == Strategy.INLINE ? 2 : 3;
    assertThat(slow).isCancelled();
    if (strategy != Strategy.INLINE) {
      Rig.until("its worker is interrupted", () -> interrupted.getCount() == 0);
    }
    assertThat(rig.journal.acknowledged(CallFinished.class)).hasSize(calls);
    rig.restart();
    assertThat(rig.run("action", body)).isEqualTo("quick");
    assertThat(made).hasValue(calls);
  }

  private CompletableFuture<String> counted(CompletableFuture<String> stage) {
    count();
    return stage;
  }

  private String interrupted(CountDownLatch interrupted) {
    try {
      Rig.await(never);
    } catch (InterruptedException expected) {
      interrupted.countDown();
    }
    return "too late";
  }

  /** The stage is cancelled on the action's thread, and what depends on it runs there. */
  @Test
  void whatDependsOnAnOpenCallCannotMakeAnotherWhenAKeptActionReturns() {
    rig.with(builder -> builder.forgetOnReturn(false));
    CompletableFuture<String> open = new CompletableFuture<>();
    CompletableFuture<Throwable> refused = new CompletableFuture<>();
    DurableBody<String> body =
        context -> {
          open.whenComplete(
              (value, cancelled) -> {
                try {
                  context.callAsync("late", Integer.class, this::count);
                  refused.complete(null);
                } catch (Throwable thrown) {
                  refused.complete(thrown);
                }
              });
          context.callStage("open", String.class, () -> open);
          return "returned";
        };

    assertThat(rig.run("action", body)).isEqualTo("returned");

    assertThat(Rig.join(refused))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("'action' has ended");
    assertThat(made).hasValue(0);
    assertThat(rig.journal.acknowledged(CallFinished.class)).hasSize(1);
  }

  @Test
  void aKeptActionDoesNotWaitForACallThatIgnoresItsInterrupt() throws Exception {
    if (strategy == Strategy.INLINE) {
      // The action itself makes the call, and goes on when that has returned.
      return;
    }
    rig.with(builder -> builder.forgetOnReturn(false));
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    try {
      String result =
          rig.run(
              "action",
              context -> {
                context.callAsync(
                    "deaf",
                    String.class,
                    () -> {
                      running.countDown();
                      interrupted(interrupted);
                      Rig.await(release);
                      return "too late";
                    });
                Rig.await(running);
                return "returned";
              });

      assertThat(result).isEqualTo("returned");
      Rig.await(interrupted);
      assertThat(rig.journal.acknowledged(CallFinished.class))
          .singleElement()
          .satisfies(
              end ->
                  assertThat(end.exception().type())
                      .isEqualTo(CancellationException.class.getName()));
    } finally {
      release.countDown();
    }
  }

  @Test
  void aKeptActionReturnsWhenTheOutcomesOfItsOpenCallsAreRecorded() {
    rig.with(builder -> builder.forgetOnReturn(false));
    rig.journal.hold(record -> record instanceof CallFinished);
    CompletableFuture<String> result =
        rig.start(
            "action",
            context -> {
              context.callStage("ended", Integer.class, () -> CompletableFuture.completedFuture(7));
              context.callStage("open", Integer.class, CompletableFuture::new);
              return "returned";
            });
    Rig.until("both outcomes are appended", () -> rig.journal.held() == 2);
    assertThat(result).isNotDone();

    rig.journal.release();

    assertThat(Rig.join(result)).isEqualTo("returned");
    List<CallFinished> outcomes = rig.journal.acknowledged(CallFinished.class);
    assertThat(outcomes.get(0).value()).asString().isEqualTo("7");
    assertThat(outcomes.get(1).exception().type()).isEqualTo(CancellationException.class.getName());
  }

  @Test
  void callsThatAreOpenWhenAnActionThrowsAreMadeAgain() {
    rig.with(builder -> builder.forgetOnReturn(false));
    AtomicInteger runs = new AtomicInteger();
    DurableBody<Integer> body =
        context -> {
          CompletableFuture<Integer> stage = new CompletableFuture<>();
          DurableCall<Integer> call = context.callStage("call", Integer.class, () -> stage);
          if (runs.incrementAndGet() == 1) {
            throw new IllegalStateException("before its call has ended");
          }
          stage.complete(count());
          return context.await(call);
        };

    assertThat(rig.failureOf("action", body)).hasMessage("before its call has ended");

    assertThat(rig.journal.asked(CallFinished.class)).isEmpty();
    assertThat(rig.run("action", body)).isEqualTo(1);
  }

  private int count() {
    return made.incrementAndGet();
  }
}
