// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import java.io.Serializable;
import java.util.Collection;
import java.util.Collections;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * Goes on with guesses while a slow lookup is under way. A computation asks by {@link
 * SuspendCapability#suspend(Object) suspend(question)}; until the answer is there, copies of it go
 * on with what the answer may be, ask their own questions, and are guessed on in turn. When the
 * answer arrives, the branch that had guessed it is kept and the others are {@linkplain
 * Continuation#close() closed}; if none had, the computation goes on with the answer from where it
 * asked. Guesses are compared by {@code equals}.
 *
 * <pre>{@code
 * Speculation<String, Integer> speculation =
 *     Speculation.<String, Integer>over(prices::lookUp)
 *         .guesses(article -> List.of(lastPrices.get(article)))
 *         .maxBranches(8)
 *         .build();
 * CompletableFuture<Integer> total =
 *     speculation.compute(
 *         capability -> {
 *           int sum = 0;
 *           for (String article : articles) {
 *             sum += capability.<Integer>suspend(article);
 *           }
 *           return sum;
 *         });
 * }</pre>
 *
 * <p>A wrong guess costs processor time and never shows: a branch that is a guess stops at {@link
 * SuspendCapability#once once}, whose effect runs when all guesses on the way there have come true;
 * and what it returns or throws is nothing until then. While it waits its frames are left, as those
 * of a branch that is closed, so that it holds no locks, and it comes back to the effect by a
 * replay; a class initialiser cannot be run again, and is no place for effects. So the lookup has
 * to be a read, which may be asked for what nobody will need, and all effects of the computation
 * have to be inside of {@code once}, as in every continuation that is recorded. A branch that is
 * running when it turns out to be wrong is closed at its next suspension.
 *
 * <p>The first guess goes on in the continuation that asked; only the others, an answer that nobody
 * guessed, and an effect that had to wait cost a replay. All branches run at once, so code that
 * holds a lock while it asks keeps its other branches from running.
 *
 * <p>Immutable, and safe for all threads: one speculation may run any number of computations.
 *
 * @param <Q> what is asked
 * @param <A> what is answered
 */
public final class Speculation<Q, A> {
  final Function<? super Q, ? extends CompletionStage<? extends A>> lookup;
  final Function<? super Q, ? extends Collection<? extends A>> guesses;
  final int maxBranches;
  final Executor executor;
  final AtomicLong guessesTried = new AtomicLong();
  final AtomicLong guessesConfirmed = new AtomicLong();

  private Speculation(Builder<Q, A> builder) {
    lookup = builder.lookup;
    guesses = builder.guesses;
    maxBranches = builder.maxBranches;
    executor = builder.executor;
  }

  /**
   * Returns a builder of a speculation that guesses nothing yet.
   *
   * @param lookup asks for the answer to a question and returns at once; the stage is never
   *     cancelled. Called on threads of the executor, several at once
   * @param <Q> what is asked
   * @param <A> what is answered
   * @return a new builder
   */
  public static <Q, A> Builder<Q, A> over(
      Function<? super Q, ? extends CompletionStage<? extends A>> lookup) {
    return new Builder<>(Objects.requireNonNull(lookup, "lookup"));
  }

  /**
   * Computes a value.
   *
   * <p>The future fails with what the computation throws, or with what a lookup or the guesses
   * failed with: a question that cannot be answered ends the computation, whose {@code finally}
   * blocks run. Cancelling it closes all branches.
   *
   * @param computation asks by {@link SuspendCapability#suspend(Object)}; {@linkplain
   *     ContinuationEntryPoint copied} as every entry point is
   * @param <R> what is computed
   * @return the value, once every guess that it rests on has come true
   */
  public <R> CompletableFuture<R> compute(Computation<? extends R> computation) {
    Objects.requireNonNull(computation, "computation");
    return new SpeculationTree<Q, A, R>(this)
        .run(
            new Continuation(
                capability -> capability.suspend(new Computed(computation.compute(capability)))));
  }

  /**
   * Runs a continuation to its end. Its suspensions are questions; the rest is as in {@link
   * #compute}.
   *
   * @param continuation recorded; new, or suspended by a question. It belongs to the speculation
   *     from here on
   * @return done when the continuation has completed and every guess has come true
   */
  public CompletableFuture<Void> run(Continuation continuation) {
    return new SpeculationTree<Q, A, Void>(this)
        .run(Objects.requireNonNull(continuation, "continuation"));
  }

  /**
   * Returns how many guesses were gone on with.
   *
   * @return the number of branches so far, in all runs
   */
  public long guessesTried() {
    return guessesTried.get();
  }

  /**
   * Returns how many guesses were right: the answer came, and was what a branch had gone on with.
   *
   * @return the number so far, in all runs, with those in branches that turned out wrong otherwise
   */
  public long guessesConfirmed() {
    return guessesConfirmed.get();
  }

  /**
   * Computes a value, and asks for what it needs by {@link SuspendCapability#suspend(Object)}.
   * Deterministic, as every recorded continuation.
   *
   * @param <R> what is computed
   */
  @FunctionalInterface
  public interface Computation<R> extends Serializable {
    /**
     * Computes the value.
     *
     * @param capability asks, and runs effects {@linkplain SuspendCapability#once once}
     * @return the value
     */
    R compute(SuspendCapability capability);
  }

  /**
   * Collects what a speculation needs. Not thread-safe.
   *
   * @param <Q> what is asked
   * @param <A> what is answered
   */
  public static final class Builder<Q, A> {
    private static final int DEFAULT_BRANCHES = 16;

    private final Function<? super Q, ? extends CompletionStage<? extends A>> lookup;
    private Function<? super Q, ? extends Collection<? extends A>> guesses =
        question -> Collections.emptyList();
    private int maxBranches = DEFAULT_BRANCHES;
    private Executor executor = new CompletableFuture<>().defaultExecutor();

    private Builder(Function<? super Q, ? extends CompletionStage<? extends A>> lookup) {
      this.lookup = lookup;
    }

    /**
     * Says what the answer to a question may be.
     *
     * @param guesses the likeliest first; none for a question that is not worth a guess. Called
     *     where {@code lookup} is, if the answer is not there at once
     * @return this
     */
    public Builder<Q, A> guesses(Function<? super Q, ? extends Collection<? extends A>> guesses) {
      this.guesses = Objects.requireNonNull(guesses, "guesses");
      return this;
    }

    /**
     * Limits how many guesses are gone on with at a time, in one run; the default is {@value
     * #DEFAULT_BRANCHES}. More of them wait, in the order in which they were made, and are tried
     * when others have been answered.
     *
     * @param maxBranches at least 0, which guesses nothing
     * @return this
     */
    public Builder<Q, A> maxBranches(int maxBranches) {
      if (maxBranches < 0) {
        throw new IllegalArgumentException("maxBranches is " + maxBranches + ", must be >= 0");
      }
      this.maxBranches = maxBranches;
      return this;
    }

    /**
     * Runs branches; the default is that of {@link CompletableFuture}.
     *
     * @param executor runs each branch up to its next suspension; with one thread branches take
     *     turns
     * @return this
     */
    public Builder<Q, A> executor(Executor executor) {
      this.executor = Objects.requireNonNull(executor, "executor");
      return this;
    }

    /**
     * Builds the speculation.
     *
     * @return a new speculation
     */
    public Speculation<Q, A> build() {
      return new Speculation<>(this);
    }
  }
}
