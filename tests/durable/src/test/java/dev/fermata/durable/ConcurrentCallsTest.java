// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.Strategy;
import dev.fermata.journal.JournalRecord.CallFinished;
import dev.fermata.journal.JournalRecord.ValueRecorded;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Calls that are in flight together. */
class ConcurrentCallsTest extends UnderEachStrategy {
  @Test
  void callsBegunTogetherRunTogether() {
    CountDownLatch both = new CountDownLatch(strategy == Strategy.INLINE ? 1 : 2);

    List<Integer> results =
        rig.run(
            "action",
            context -> {
              DurableCall<Integer> one =
                  context.callAsync("one", Integer.class, () -> meet(both, 1));
              DurableCall<Integer> two =
                  context.callAsync("two", Integer.class, () -> meet(both, 2));
              return context.all(List.of(two, one));
            });

    assertThat(results).containsExactly(2, 1);
    assertThat(rig.journal.acknowledged(CallFinished.class)).hasSize(2);
  }

  private static int meet(CountDownLatch all, int value) throws InterruptedException {
    all.countDown();
    Rig.await(all);
    return value;
  }

  @Test
  void allWaitsForAllAndThrowsTheFirstFailureInTheirOrder() {
    IOException first = new IOException("first");
    IllegalStateException second = new IllegalStateException("second");

    Throwable thrown =
        rig.failureOf(
            "action",
            context ->
                context.all(
                    List.of(
                        context.callAsync("fine", Object.class, () -> "fine"),
                        context.callAsync(
                            "first",
                            Object.class,
                            () -> {
                              throw first;
                            }),
                        context.callStage(
                            "second",
                            Object.class,
                            () -> CompletableFuture.failedFuture(second)))));

    assertThat(thrown).isSameAs(first);
    assertThat(Arrays.asList(first.getSuppressed())).contains(second);
    assertThat(rig.journal.acknowledged(CallFinished.class)).hasSize(3);
  }

  @Test
  void allOfNothingIsNothing() {
    assertThat(rig.<List<Object>>run("action", context -> context.all(List.of()))).isEmpty();
  }

  @Test
  void anyReturnsTheFirstThatEndsAndRecordsWhich() {
    CompletableFuture<String> slow = new CompletableFuture<>();
    CompletableFuture<String> quick = new CompletableFuture<>();

    String first =
        rig.run(
            "action",
            context -> {
              List<DurableCall<String>> calls =
                  List.of(
                      context.callStage("slow", String.class, () -> slow),
                      context.callStage("quick", String.class, () -> quick));
              quick.complete("quick");
              return context.await(context.any(calls));
            });

    assertThat(first).isEqualTo("quick");
    assertThat(slow).isCancelled();
    ValueRecorded chosen = rig.journal.acknowledged(ValueRecorded.class).get(0);
    assertThat(chosen.kind()).isEqualTo(ValueRecorded.Kind.CHOSEN);
    assertThat(chosen.place()).isEqualTo(2);
    assertThat(chosen.value()).isEqualTo(1);
  }

  @Test
  void anyTakesTheOneThatEndedFirstAmongThoseThatHave() {
    CompletableFuture<String> late = new CompletableFuture<>();

    String first =
        rig.run(
            "action",
            context -> {
              DurableCall<String> second = context.callStage("second", String.class, () -> late);
              DurableCall<String> failed =
                  context.callStage(
                      "first",
                      String.class,
                      () -> CompletableFuture.failedFuture(new IOException("failed first")));
              late.complete("late");
              return context.any(List.of(second, failed)).name();
            });

    assertThat(first).isEqualTo("first");
  }

  @Test
  void anyOfNothingIsRefused() {
    assertThat(rig.failureOf("action", context -> context.<String>any(List.of())))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
