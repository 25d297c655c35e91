// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Questions are names of futures, which the test completes. What computations do is seen in static
 * lists, as each branch works on a copy of what it was given.
 */
class SpeculationTest {
  private static final List<String> EFFECTS = new ArrayList<>();
  private static final List<String> SEEN = new ArrayList<>();
  private static Runnable meanwhile;

  private final HandRun executor = new HandRun();
  private final List<String> asked = new ArrayList<>();
  private final List<CompletableFuture<Integer>> answers = new ArrayList<>();

  @BeforeEach
  void forget() {
    EFFECTS.clear();
    SEEN.clear();
  }

  @Test
  void asksTheNextQuestionBeforeTheFirstIsAnswered() {
    CompletableFuture<Integer> sum = guessing(4, List.of(1)).compute(sumOf("a", "b"));
    executor.all();
    assertThat(asked).containsExactly("a", "b");

    answer(0, 1);
    answer(1, 1);

    assertThat(sum).isCompletedWithValue(2);
    assertThat(asked).as("no question is asked twice").containsExactly("a", "b");
  }

  @Test
  void anAnswerThatNobodyGuessedIsGoneOnWith() {
    Speculation<String, Integer> speculation = guessing(4, List.of(1));
    CompletableFuture<Integer> sum = speculation.compute(sumOf("a", "b"));
    executor.all();

    answer(0, 5);
    assertThat(asked).containsExactly("a", "b", "b");
    answer(1, 1000);
    answer(2, 7);

    assertThat(sum).isCompletedWithValue(12);
    assertThat(speculation.guessesConfirmed()).isZero();
  }

  @Test
  void theRightOneOfSeveralGuessesIsKept() {
    Speculation<String, Integer> speculation = guessing(8, List.of(1, 2));
    CompletableFuture<Integer> sum = speculation.compute(sumOf("a", "b"));
    executor.all();
    assertThat(asked).containsExactly("a", "b", "b");
    assertThat(speculation.guessesTried()).as("two, and two below each").isEqualTo(6);

    answer(0, 2);
    assertThat(sum).isNotDone();
    answer(2, 1);

    assertThat(sum).isCompletedWithValue(3);
    assertThat(speculation.guessesConfirmed()).isEqualTo(2);
  }

  @Test
  void answersMayComeInAnyOrder() {
    CompletableFuture<Integer> sum = guessing(8, List.of(1)).compute(sumOf("a", "b", "c"));
    executor.all();
    assertThat(asked).containsExactly("a", "b", "c");

    answer(2, 30);
    answer(1, 1);
    assertThat(sum).isNotDone();
    answer(0, 1);

    assertThat(sum).isCompletedWithValue(32);
    assertThat(asked).containsExactly("a", "b", "c");
  }

  @Test
  void guessesBeyondTheLimitWaitForAPlace() {
    Speculation<String, Integer> speculation = guessing(2, List.of(1, 2, 3));
    CompletableFuture<Integer> sum = speculation.compute(sumOf("a", "b", "c"));
    executor.all();
    assertThat(asked).as("1 and 2 have asked, 3 waits").containsExactly("a", "b", "b");

    answer(1, 9);
    assertThat(asked).as("the branch went on by itself, in its place").endsWith("c").hasSize(4);
    answer(0, 1);

    assertThat(speculation.guessesTried()).isEqualTo(4);
    answer(3, 2);
    assertThat(sum).isCompletedWithValue(12);
  }

  @Test
  void withoutBranchesNothingIsGuessed() {
    Speculation<String, Integer> speculation = guessing(0, List.of(1));
    CompletableFuture<Integer> sum = speculation.compute(sumOf("a", "b"));
    executor.all();
    assertThat(asked).containsExactly("a");

    answer(0, 1);
    answer(1, 1);

    assertThat(sum).isCompletedWithValue(2);
    assertThat(speculation.guessesTried()).isZero();
  }

  @Test
  void anAnswerThatIsThereIsNotGuessed() {
    List<String> guessed = new ArrayList<>();
    Speculation<String, Integer> speculation =
        Speculation.<String, Integer>over(question -> CompletableFuture.completedFuture(3))
            .guesses(
                question -> {
                  guessed.add(question);
                  return List.of(1);
                })
            .executor(executor)
            .build();

    CompletableFuture<Integer> sum = speculation.compute(sumOf("a", "b"));
    executor.all();

    assertThat(sum).isCompletedWithValue(6);
    assertThat(guessed).isEmpty();
  }

  @Test
  void anEffectIsHeldUntilAllGuessesBeforeItAreRight() {
    CompletableFuture<Integer> done =
        guessing(4, List.of(1))
            .compute(
                capability -> {
                  int a = capability.suspend("a");
                  int b = capability.suspend("b");
                  effect(capability, "a and b");
                  int c = capability.suspend("c");
                  effect(capability, "c");
                  return a + b + c;
                });
    executor.all();
    answer(1, 1);
    assertThat(EFFECTS).isEmpty();
    assertThat(asked).as("it stands before its effect").containsExactly("a", "b");

    answer(0, 1);
    assertThat(EFFECTS).containsExactly("a and b");
    assertThat(asked).containsExactly("a", "b", "c");

    answer(2, 1);
    assertThat(EFFECTS).containsExactly("a and b", "c");
    assertThat(done).isCompletedWithValue(3);
  }

  @Test
  void aWrongBranchHasNoEffectEvenWhenItIsClosed() {
    CompletableFuture<Integer> done =
        guessing(4, List.of(1))
            .compute(
                capability -> {
                  int a = capability.suspend("a");
                  try {
                    effect(capability, "paid " + a);
                    return a;
                  } finally {
                    SEEN.add("left with " + a);
                    effect(capability, "left with " + a);
                  }
                });
    executor.all();
    answer(0, 2);

    assertThat(done).isCompletedWithValue(2);
    assertThat(EFFECTS).containsExactly("paid 2", "left with 2");
    assertThat(SEEN).containsExactlyInAnyOrder("left with 1", "left with 2");
  }

  @Test
  void aWrongBranchIsClosed() {
    CompletableFuture<Integer> done = guessing(4, List.of(1, 2), "a").compute(watched("a", "b"));
    executor.all();

    answer(0, 2);
    assertThat(SEEN).as("where it asked for b").containsExactly("left after 1");

    answer(2, 7);
    assertThat(done).isCompletedWithValue(9);
    assertThat(SEEN).containsExactly("left after 1", "left after 9");
  }

  @Test
  void aBranchThatRunsWhileItTurnsOutWrongIsClosedAtItsNextSuspension() {
    CompletableFuture<Integer> done =
        guessing(4, List.of(1), "a")
            .compute(
                capability -> {
                  int a = capability.suspend("a");
                  if (a == 1) {
                    meanwhile.run();
                  }
                  try {
                    return a + capability.<Integer>suspend("b");
                  } finally {
                    SEEN.add("left after " + a);
                  }
                });
    meanwhile = () -> answers.get(0).complete(7);
    executor.all();

    assertThat(SEEN).containsExactly("left after 1");
    assertThat(asked).as("the wrong one asks no more").containsExactly("a", "b");
    answer(1, 1);
    assertThat(done).isCompletedWithValue(8);
  }

  @Test
  void anEffectThatIsReachedWhileItsGuessComesTrueRuns() {
    CompletableFuture<Integer> done =
        guessing(4, List.of(1))
            .compute(
                capability -> {
                  int a = capability.suspend("a");
                  meanwhile.run();
                  effect(capability, "paid " + a);
                  return a;
                });
    meanwhile = () -> answers.get(0).complete(1);
    executor.all();

    assertThat(EFFECTS).containsExactly("paid 1");
    assertThat(done).isCompletedWithValue(1);
  }

  @Test
  void anExceptionOfAWrongBranchDoesNotShow() {
    CompletableFuture<Integer> done = guessing(4, List.of(0, 5)).compute(tenBy("a"));
    executor.all();
    assertThat(done).isNotDone();

    answer(0, 5);

    assertThat(done).isCompletedWithValue(2);
  }

  @Test
  void anExceptionOfTheRightBranchShowsWhenItIsKnownToBeRight() {
    CompletableFuture<Integer> done = guessing(4, List.of(0)).compute(tenBy("a"));
    executor.all();
    assertThat(done).isNotDone();

    answer(0, 0);

    assertThatThrownBy(done::join)
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(ArithmeticException.class);
  }

  @Test
  void aLookupThatFailsEndsTheComputation() {
    CompletableFuture<Integer> done = guessing(4, List.of(1), "a").compute(watched("a", "b"));
    executor.all();

    answers.get(0).completeExceptionally(new IllegalArgumentException("no such a"));
    executor.all();

    assertThatThrownBy(done::join).hasRootCauseMessage("no such a");
    assertThat(SEEN).as("finally blocks of the guess").containsExactly("left after 1");
  }

  @Test
  void aLookupThatFailsForAWrongGuessDoesNotShow() {
    CompletableFuture<Integer> done = guessing(4, List.of(1)).compute(sumOf("a", "b"));
    executor.all();

    answers.get(1).completeExceptionally(new IllegalArgumentException("no such b"));
    executor.all();
    assertThat(done).isNotDone();
    answer(0, 2);
    answer(2, 3);

    assertThat(done).isCompletedWithValue(5);
  }

  @Test
  void aLookupThatThrowsEndsTheComputation() {
    assertThatThrownBy(
            failing(
                    question -> {
                      throw new IllegalStateException("no connection");
                    },
                    question -> List.of())
                ::join)
        .hasRootCauseMessage("no connection");
  }

  @Test
  void guessesThatThrowEndTheComputation() {
    assertThatThrownBy(
            failing(
                    question -> new CompletableFuture<>(),
                    question -> {
                      throw new IllegalStateException("no idea");
                    })
                ::join)
        .hasRootCauseMessage("no idea");
  }

  @Test
  void guessesAreComparedByEquals() {
    Speculation<String, List<Integer>> speculation =
        Speculation.<String, List<Integer>>over(
                question -> CompletableFuture.supplyAsync(() -> List.of(1, 2), executor))
            .guesses(question -> List.of(Arrays.asList(1, 2)))
            .executor(executor)
            .build();

    CompletableFuture<Integer> size =
        speculation.compute(capability -> capability.<List<Integer>>suspend("list").size());
    executor.all();

    assertThat(size).isCompletedWithValue(2);
    assertThat(speculation.guessesConfirmed()).isEqualTo(1);
  }

  @Test
  void nothingCanBeGuessedAndAnswered() {
    Speculation<String, Integer> speculation = guessing(4, Arrays.asList((Integer) null));
    CompletableFuture<Boolean> absent =
        speculation.compute(capability -> capability.suspend("a") == null);
    executor.all();
    answer(0, null);

    assertThat(absent).isCompletedWithValue(true);
    assertThat(speculation.guessesConfirmed()).isEqualTo(1);
  }

  @Test
  void cancellingClosesAllBranches() {
    CompletableFuture<Integer> done = guessing(8, List.of(1, 2), "a").compute(watched("a", "b"));
    executor.all();

    done.cancel(false);
    executor.all();

    assertThat(SEEN).containsExactlyInAnyOrder("left after 1", "left after 2");
    answer(0, 1);
    assertThat(asked).containsExactly("a", "b", "b");
  }

  @Test
  void anExecutorThatTakesNothingFailsTheComputation() {
    Speculation<String, Integer> speculation =
        Speculation.<String, Integer>over(question -> new CompletableFuture<>())
            .executor(
                task -> {
                  throw new java.util.concurrent.RejectedExecutionException("shut down");
                })
            .build();

    assertThatThrownBy(speculation.compute(sumOf("a"))::join).hasRootCauseMessage("shut down");
  }

  @Test
  void aContinuationIsRunToItsEnd() {
    CompletableFuture<Void> done =
        guessing(4, List.of(1))
            .run(
                new Continuation(
                    capability -> {
                      int a = capability.suspend("a");
                      effect(capability, "wrote " + a);
                    }));
    executor.all();
    answer(0, 1);

    assertThat(done).isCompletedWithValue(null);
    assertThat(EFFECTS).containsExactly("wrote 1");
  }

  @Test
  void aContinuationThatHasAskedAlreadyIsRunFromThere() {
    Continuation continuation =
        new Continuation(
            capability -> {
              int a = capability.suspend("a");
              int b = capability.suspend("b");
              effect(capability, "wrote " + (a + b));
            });
    continuation.resume();

    CompletableFuture<Void> done = guessing(4, List.of(1)).run(continuation);
    executor.all();
    assertThat(asked).containsExactly("a", "b");
    answer(0, 1);
    answer(1, 2);

    assertThat(done).isCompletedWithValue(null);
    assertThat(EFFECTS).containsExactly("wrote 3");
  }

  @Test
  void aContinuationThatCannotBeCopiedCannotBeGuessedFor() {
    CompletableFuture<Void> done =
        guessing(4, List.of(1)).run(Continuation.live(capability -> capability.suspend("a")));
    executor.all();

    assertThatThrownBy(done::join).hasCauseInstanceOf(IllegalStateException.class);
  }

  /** Guesses the answers to some questions; to all if none is given. */
  private Speculation<String, Integer> guessing(
      int branches, Collection<Integer> guesses, String... questions) {
    List<String> guessable = List.of(questions);
    return Speculation.<String, Integer>over(
            question -> {
              asked.add(question);
              CompletableFuture<Integer> answer = new CompletableFuture<>();
              answers.add(answer);
              return answer;
            })
        .guesses(
            question -> guessable.isEmpty() || guessable.contains(question) ? guesses : List.of())
        .maxBranches(branches)
        .executor(executor)
        .build();
  }

  private CompletableFuture<Integer> failing(
      Function<String, CompletableFuture<Integer>> lookup,
      Function<String, Collection<Integer>> guesses) {
    CompletableFuture<Integer> done =
        Speculation.<String, Integer>over(lookup)
            .guesses(guesses)
            .executor(executor)
            .build()
            .compute(sumOf("a"));
    executor.all();
    return done;
  }

  private void answer(int question, Integer answer) {
    answers.get(question).complete(answer);
    executor.all();
  }

  private static Speculation.Computation<Integer> sumOf(String... questions) {
    return capability -> {
      int sum = 0;
      for (String question : questions) {
        sum += capability.<Integer>suspend(question);
      }
      return sum;
    };
  }

  /** Like {@link #sumOf}, and tells when a frame after an answer is left. */
  private static Speculation.Computation<Integer> watched(String first, String second) {
    return capability -> {
      int sum = capability.<Integer>suspend(first);
      try {
        sum += capability.<Integer>suspend(second);
        return sum;
      } finally {
        SEEN.add("left after " + sum);
      }
    };
  }

  private static Speculation.Computation<Integer> tenBy(String question) {
    return capability -> 10 / capability.<Integer>suspend(question);
  }

  private static void effect(SuspendCapability capability, String effect) {
    capability.once(() -> EFFECTS.add(effect));
  }
}
