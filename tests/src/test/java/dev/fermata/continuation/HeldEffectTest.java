// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Effects that have to wait, in code that holds what must not be held meanwhile. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HeldEffectTest {
  private static final Object MONITOR = new Object();
  private static final ReentrantLock LOCK = new ReentrantLock();
  private static final List<String> EFFECTS = new ArrayList<>();
  private static Runnable meanwhile;

  private final HandRun executor = new HandRun();
  private final List<String> asked = new ArrayList<>();
  private final List<CompletableFuture<Integer>> answers = new ArrayList<>();

  @BeforeEach
  void forget() {
    EFFECTS.clear();
    meanwhile = () -> {};
  }

  @Test
  void aRightGuessGivesWhatNoGuessGives() {
    Speculation<String, Integer> speculation = guessing(List.of(42));
    CompletableFuture<Integer> done = speculation.compute(HeldEffectTest::paid);
    executor.all();
    assertThat(EFFECTS).isEmpty();
    assertThat(done).isNotDone();

    answer(0, 42);

    assertThat(done).isCompletedWithValue(43);
    assertThat(EFFECTS).containsExactly("paid 42");
    assertThat(speculation.guessesConfirmed()).isEqualTo(1);
    assertThat(asked).containsExactly("price");
  }

  @Test
  void aWrongGuessDoesNotShow() {
    CompletableFuture<Integer> done = guessing(List.of(1, 2)).compute(HeldEffectTest::paid);
    executor.all();

    answer(0, 42);

    assertThat(done).isCompletedWithValue(43);
    assertThat(EFFECTS).containsExactly("paid 42");
  }

  @Test
  void aGuessThatComesTrueOnTheWayToTheEffectGivesTheSame() {
    CompletableFuture<Integer> done = guessing(List.of(42)).compute(HeldEffectTest::paid);
    meanwhile = () -> answers.get(0).complete(42);
    executor.all();

    assertThat(done).isCompletedWithValue(43);
    assertThat(EFFECTS).containsExactly("paid 42");
  }

  @Test
  void theEffectWaitsForAllGuessesBeforeIt() {
    CompletableFuture<Integer> done =
        guessing(List.of(1))
            .compute(capability -> capability.<Integer>suspend("discount") + paid(capability));
    executor.all();
    answer(1, 1);
    assertThat(EFFECTS).isEmpty();

    answer(0, 1);

    assertThat(done).isCompletedWithValue(3);
    assertThat(EFFECTS).containsExactly("paid 1");
    assertThat(asked).containsExactly("discount", "price");
  }

  @Test
  void codeThatCatchesEverythingDoesNotSeeThatItWasAGuess() {
    CompletableFuture<Integer> done =
        guessing(List.of(42))
            .compute(
                capability -> {
                  try {
                    return paid(capability);
                  } catch (Throwable any) {
                    return -1;
                  }
                });
    executor.all();
    answer(0, 42);

    assertThat(done).isCompletedWithValue(43);
  }

  @Test
  void noLockIsHeldWhileTheEffectWaits() {
    CompletableFuture<Boolean> done =
        guessing(List.of(1, 2))
            .compute(
                capability -> {
                  int price = capability.suspend("price");
                  LOCK.lock();
                  try {
                    return capability.once(() -> EFFECTS.add("paid " + price));
                  } finally {
                    LOCK.unlock();
                  }
                });
    executor.all();
    assertThat(LOCK.isLocked()).isFalse();
    answer(0, 2);

    assertThat(done).isCompletedWithValue(true);
    assertThat(EFFECTS).containsExactly("paid 2");
  }

  @Test
  void aCheckedOneGivesTheSame() {
    CompletableFuture<Void> done =
        guessing(List.of(42))
            .run(
                Continuation.builder()
                    .checked(true)
                    .build(
                        capability -> {
                          int paid = paid(capability);
                          capability.once(() -> EFFECTS.add("booked " + paid));
                        }));
    executor.all();
    answer(0, 42);

    assertThat(done).isCompletedWithValue(null);
    assertThat(EFFECTS).containsExactly("paid 42", "booked 43");
  }

  @Test
  void whatIsHeldCanBeCopiedAndClosed() {
    Continuation continuation =
        new Continuation(
            capability -> {
              int paid = paid(capability);
              capability.suspend(paid);
            });
    continuation.resume();
    continuation.holdEffects(true);
    assertThat(continuation.resume(42)).isTrue();
    assertThat(continuation.isAtEffect()).isTrue();
    assertThat(continuation.historyLength()).as("it was given the price").isEqualTo(1);

    Continuation copy = continuation.copy();
    continuation.close();
    assertThat(EFFECTS).isEmpty();
    copy.resume();

    assertThat(copy.<Integer>value()).isEqualTo(43);
    assertThat(EFFECTS).containsExactly("paid 42");
  }

  private static int paid(SuspendCapability capability) {
    int price = capability.suspend("price");
    meanwhile.run();
    synchronized (MONITOR) {
      return capability.once(
          () -> {
            EFFECTS.add("paid " + price);
            return price + 1;
          });
    }
  }

  private Speculation<String, Integer> guessing(List<Integer> guesses) {
    return Speculation.<String, Integer>over(
            question -> {
              asked.add(question);
              CompletableFuture<Integer> answer = new CompletableFuture<>();
              answers.add(answer);
              return answer;
            })
        .guesses(question -> guesses)
        .executor(executor)
        .build();
  }

  private void answer(int question, Integer answer) {
    answers.get(question).complete(answer);
    executor.all();
  }
}
