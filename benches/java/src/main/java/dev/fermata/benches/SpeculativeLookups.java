// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import dev.fermata.continuation.Speculation;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.ObjDoubleConsumer;

/**
 * How long lookups take each of which needs the answer before, in a store that answers after a
 * delay: one after another, and with guesses that are right always, half of the time, or never. One
 * after another is as fast as it gets without guessing, whatever it is written with.
 *
 * <pre>
 * SpeculativeLookups ROUNDS LOOKUPS DELAY...   delays in ms; total time in ms of each round
 * </pre>
 */
public final class SpeculativeLookups {
  private static final int WARM_UP_ROUNDS = 20;

  private final int lookups;
  private final Function<Integer, CompletionStage<Integer>> store;

  private SpeculativeLookups(int lookups, long delayMillis) {
    this.lookups = lookups;
    Executor later = CompletableFuture.delayedExecutor(delayMillis, TimeUnit.MILLISECONDS);
    store = question -> CompletableFuture.supplyAsync(() -> answerTo(question), later);
  }

  public static void main(String[] args) {
    int rounds = Integer.parseInt(args[0]);
    int lookups = Integer.parseInt(args[1]);
    new SpeculativeLookups(lookups, 1).measure(WARM_UP_ROUNDS, (how, millis) -> {});
    for (int i = 2; i < args.length; i++) {
      String name = lookups + " of " + args[i] + " ms";
      new SpeculativeLookups(lookups, Long.parseLong(args[i]))
          .measure(
              rounds, (how, millis) -> Samples.print("speculation", name + "\t" + how, millis));
    }
  }

  /** In turns, so that what befalls the machine befalls all of them. */
  private void measure(int rounds, ObjDoubleConsumer<String> measured) {
    Speculation<Integer, Integer> right = guessing(question -> answerTo(question));
    Speculation<Integer, Integer> half =
        guessing(question -> answerTo(question) + (question % 2 == 0 ? 0 : 1));
    Speculation<Integer, Integer> wrong = guessing(question -> answerTo(question) + 1);
    for (int round = 0; round < rounds; round++) {
      time(measured, "one after another", this::oneAfterAnother);
      time(measured, "all guesses right", () -> speculatively(right));
      time(measured, "half of the guesses right", () -> speculatively(half));
      time(measured, "no guess right", () -> speculatively(wrong));
    }
  }

  private Speculation<Integer, Integer> guessing(Function<Integer, Integer> guess) {
    return Speculation.<Integer, Integer>over(store)
        .guesses(question -> List.of(guess.apply(question)))
        .maxBranches(lookups)
        .build();
  }

  private int oneAfterAnother() {
    int answer = 0;
    for (int i = 0; i < lookups; i++) {
      answer = store.apply(answer).toCompletableFuture().join();
    }
    return answer;
  }

  private int speculatively(Speculation<Integer, Integer> speculation) {
    int count = lookups;
    return speculation
        .<Integer>compute(
            capability -> {
              Integer answer = 0;
              for (int i = 0; i < count; i++) {
                answer = capability.suspend(answer);
              }
              return answer;
            })
        .join();
  }

  private static int answerTo(int question) {
    return question * 5 + 3;
  }

  private static void time(ObjDoubleConsumer<String> measured, String how, IntSupplier work) {
    long start = System.nanoTime();
    work.getAsInt();
    measured.accept(how, (System.nanoTime() - start) / 1e6);
  }
}
