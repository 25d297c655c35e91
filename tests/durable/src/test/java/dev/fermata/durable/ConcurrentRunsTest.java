// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.FermataException;
import dev.fermata.Strategy;
import dev.fermata.journal.Journal;
import dev.fermata.journal.JournalRecord;
import dev.fermata.journal.JournalRecord.ActionFinished;
import dev.fermata.journal.JournalRecord.CallFinished;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs of one action at a time: refused while another runs, and behind what that left. */
class ConcurrentRunsTest extends UnderEachStrategy {
  private final AtomicInteger made = new AtomicInteger();

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

  /** Two runs would mix their records, and the end of one would drop those of the other. */
  @Test
  void anActionRunsOnceAtATimeInAllThatShareAJournal() {
    DurableActions others = rig.newActions();
    CompletableFuture<String> release = new CompletableFuture<>();
    CompletableFuture<String> first =
        rig.start("action", context -> context.await(stage(context, release)));
    Rig.until("it runs", () -> !rig.journal.records("action").isEmpty());
    List<JournalRecord> records = rig.journal.records("action");
    try (Rig other = new Rig(strategy)) {
      assertThat(Rig.failureOf(others.start(other.loop, "action", null, context -> "second")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("'action' is running");
      assertThatThrownBy(() -> others.forget("action")).isInstanceOf(IllegalStateException.class);
      assertThat(rig.journal.records("action")).isEqualTo(records);
    }
    release.complete("first");

    assertThat(Rig.join(first)).isEqualTo("first");
    CompletableFuture<String> again = others.start(rig.loop, "action", "input", context -> "again");
    assertThat(Rig.join(again)).isEqualTo("again");
    assertThat(rig.journal.records("action")).isEmpty();
  }

  @Test
  void aRunOfOthersWaitsForWhatIsUnderWayToTheSharedJournal() {
    DurableActions others = rig.newActions();
    rig.journal.hold(record -> record instanceof CallFinished);
    CompletableFuture<Integer> first =
        rig.start(
            "action",
            context -> {
              counted(context);
              Rig.until("its outcome is appended", () -> rig.journal.held() == 1);
              throw new IllegalStateException("of the action");
            });
    assertThat(Rig.failureOf(first)).hasMessage("of the action");
    CompletableFuture<Integer> second =
        others.start(
            rig.loop, "action", "input of action", context -> context.await(counted(context)));
    if (strategy != Strategy.INLINE) {
      Rig.join(rig.loop.submit(scope -> null));
      assertThat(second).isNotDone();
    }

    rig.journal.release();

    assertThat(Rig.join(second)).isEqualTo(1);
    assertThat(made).hasValue(1);
  }

  @Test
  void aRunWaitsUntilItsActionIsForgotten() {
    rig.with(builder -> builder.forgetOnReturn(false));
    rig.run("action", context -> context.await(counted(context)));
    rig.journal.hold(record -> record instanceof ActionFinished);
    CompletableFuture<Void> forgotten =
        CompletableFuture.runAsync(() -> rig.actions.forget("action"));
    Rig.until("its end is on the way to the disk", () -> rig.journal.held() == 1);
    CompletableFuture<Integer> next =
        rig.start("action", context -> context.await(counted(context)));
    if (strategy != Strategy.INLINE) {
      Rig.join(rig.loop.submit(scope -> null));
      assertThat(next).isNotDone();
    }

    rig.journal.release();

    assertThat(Rig.join(next)).isEqualTo(2);
    Rig.join(forgotten);
  }

  @Test
  void whoeverIsMadeOverAJournalKnowsWhatRuns(@TempDir Path folder) {
    try (Journal journal = Journal.open(folder.resolve("journal"));
        Journal elsewhere = Journal.open(folder.resolve("elsewhere"))) {
      DurableOptions options = DurableOptions.builder().build();
      CompletableFuture<String> release = new CompletableFuture<>();
      CompletableFuture<String> first =
          DurableActions.over(journal, options)
              .start(rig.loop, "action", null, context -> context.await(stage(context, release)));
      Rig.until("it runs", () -> !journal.records("action").isEmpty());

      assertThatThrownBy(() -> DurableActions.over(journal, options).forget("action"))
          .isInstanceOf(IllegalStateException.class);
      DurableActions.over(elsewhere, options).forget("action");

      release.complete("first");
      assertThat(Rig.join(first)).isEqualTo("first");
    }
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
