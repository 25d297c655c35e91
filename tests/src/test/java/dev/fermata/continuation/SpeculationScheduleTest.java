// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.testing.Waiting;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Computations, guesses and orders of answers that are made up: whatever was guessed, and whichever
 * thread came first, a speculation returns what the computation returns by itself, and has the same
 * effects in the same order.
 */
class SpeculationScheduleTest {
  private static final int SCHEDULES = 150 / Integer.getInteger("fermata.test.divisor", 1);
  private static final int ANSWERS = 4;

  /** The effects of each run, as computations work on copies of what they are given. */
  private static final Map<Integer, List<Integer>> EFFECTS = new ConcurrentHashMap<>();

  private final ExecutorService branches = Executors.newFixedThreadPool(3);
  private final ExecutorService answering = Executors.newFixedThreadPool(2);

  @AfterEach
  void end() {
    branches.shutdownNow();
    answering.shutdownNow();
  }

  @Test
  void whatIsGuessedDoesNotShow() throws Exception {
    long first = new Random().nextInt(1_000_000);
    for (int i = 0; i < SCHEDULES; i++) {
      run(i, first + i);
    }
  }

  @Test
  void theStackDoesNotGrowUnderAnExecutorThatRunsAtOnce() {
    int questions = 20_000;
    Speculation<Integer, Integer> speculation =
        Speculation.<Integer, Integer>over(CompletableFuture::completedFuture)
            .executor(Runnable::run)
            .build();

    CompletableFuture<Integer> answered =
        speculation.compute(
            capability -> {
              int sum = 0;
              for (int i = 0; i < questions; i++) {
                sum += capability.<Integer>suspend(1);
              }
              return sum;
            });

    assertThat(answered).isCompletedWithValue(questions);
  }

  private void run(int run, long seed) throws Exception {
    Random random = new Random(seed);
    int steps = 1 + random.nextInt(8);
    int guesses = random.nextInt(ANSWERS + 1);
    // What a thread has asked for last: it is answered when the guesses were made, on any thread.
    ThreadLocal<CompletableFuture<Integer>> asked = new ThreadLocal<>();
    Speculation<Integer, Integer> speculation =
        Speculation.<Integer, Integer>over(
                question -> {
                  asked.set(new CompletableFuture<>());
                  return asked.get();
                })
            .guesses(
                question -> {
                  CompletableFuture<Integer> future = asked.get();
                  answering.execute(() -> future.complete(answerTo(seed, question)));
                  return someOf(guesses, question);
                })
            .maxBranches(random.nextInt(12))
            .executor(branches)
            .build();

    EFFECTS.put(run, new CopyOnWriteArrayList<>());
    int result =
        speculation
            .compute(capability -> computed(capability, run, seed, steps))
            .get(Waiting.LIMIT.toSeconds(), TimeUnit.SECONDS);
    List<Integer> effects = EFFECTS.get(run);

    EFFECTS.put(run, new ArrayList<>());
    Continuation straight =
        new Continuation(
            capability -> {
              int sum = computed(capability, run, seed, steps);
              capability.once(() -> EFFECTS.get(run).add(sum));
            });
    for (boolean asks = straight.resume(); asks; ) {
      asks = straight.resume(answerTo(seed, (int) straight.value()));
    }
    List<Integer> expected = EFFECTS.get(run);
    assertThat(result).as("seed %d", seed).isEqualTo(expected.remove(expected.size() - 1));
    assertThat(effects).as("seed %d", seed).isEqualTo(expected);
  }

  /** Asks and has effects, both depending on the answers before. */
  private static int computed(SuspendCapability capability, int run, long seed, int steps) {
    int sum = 0;
    for (int step = 0; step < steps; step++) {
      int answer = capability.suspend(sum);
      sum = 31 * sum + answer;
      if (new Random(seed ^ sum).nextInt(3) == 0) {
        int effect = sum;
        sum += capability.<Integer>once(() -> had(run, effect));
      }
    }
    return sum;
  }

  private static int had(int run, int effect) {
    EFFECTS.get(run).add(effect);
    return effect % 7;
  }

  private static int answerTo(long seed, int question) {
    return new Random(seed + question).nextInt(ANSWERS);
  }

  private static List<Integer> someOf(int count, int question) {
    List<Integer> guesses = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      guesses.add(Math.floorMod(question + i, ANSWERS));
    }
    return guesses;
  }
}
