// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Finds all solutions of a problem that is written down as if every choice were right. {@link
 * Choices#choose choose} returns once for each option, {@link Choices#fail fail} and {@link
 * Choices#require require} give up the way that led there, and what the problem returns is a
 * solution. Depth first, options in their order, each solution when it is asked for.
 *
 * <pre>{@code
 * try (Search<List<Integer>> pairs =
 *     Search.of(
 *         choices -> {
 *           int a = choices.choose(List.of(1, 2, 3));
 *           int b = choices.choose(List.of(1, 2, 3));
 *           choices.require(a + b == 4 && a < b);
 *           return List.of(a, b);
 *         })) {
 *   pairs.stream().forEach(System.out::println);
 * }
 * }</pre>
 *
 * <p>The first option of a choice goes on in the continuation that chooses; each other one replays
 * the choices before it in a {@linkplain Continuation#copy() copy}. So the problem has to be
 * deterministic and without effects: it runs from its beginning again and again. Memory is that of
 * the open choices on one way down.
 *
 * <p>An exception of the problem escapes from {@link #hasNext()} or {@link #next()} as it does from
 * {@link Continuation#resume()}; the search goes on with the next option when it is asked again. If
 * a step is refused or cannot be copied, that option is still to be tried. One thread at a time.
 * What holds a suspended continuation is let go by the last solution, or by {@link #close()}.
 *
 * @param <S> what is looked for
 */
public final class Search<S> implements Iterator<S>, AutoCloseable {
  private final Deque<Fork> forks = new ArrayDeque<>();
  private Computed found;

  private Search(Problem<? extends S> problem) {
    forks.push(
        new Fork(
            new Continuation(
                capability ->
                    capability.suspend(new Computed(problem.solve(new Choices(capability))))),
            1));
  }

  /**
   * Begins a search; nothing runs before the first solution is asked for.
   *
   * @param problem tells what to choose and returns a solution
   * @param <S> what is looked for
   * @return a new search
   */
  public static <S> Search<S> of(Problem<? extends S> problem) {
    return new Search<>(Objects.requireNonNull(problem, "problem"));
  }

  /** Looks for the next solution. */
  @Override
  public boolean hasNext() {
    while (found == null && !forks.isEmpty()) {
      goDown();
    }
    return found != null;
  }

  /**
   * Returns the next solution.
   *
   * @throws NoSuchElementException if there is no more
   */
  @Override
  public S next() {
    if (!hasNext()) {
      throw new NoSuchElementException("The search has no more solutions");
    }
    @SuppressWarnings("unchecked") // The problem has returned it.
    S solution = (S) found.value;
    found = null;
    return solution;
  }

  /**
   * Returns the solutions that are left; closing the stream closes the search.
   *
   * @return a sequential stream, which looks for a solution when one is asked for
   */
  public Stream<S> stream() {
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(this, Spliterator.ORDERED), false)
        .onClose(this::close);
  }

  /** Ends the search: there are no more solutions. */
  @Override
  public void close() {
    found = null;
    while (!forks.isEmpty()) {
      forks.pop().continuation.close();
    }
  }

  /** Takes the next option of the innermost choice, up to the next choice. */
  private void goDown() {
    Fork fork = forks.peek();
    Continuation continuation = fork.continuation;
    boolean isLast = fork.tried == fork.options - 1;
    Continuation rest = isLast ? null : continuation.copy();
    boolean taken = false;
    try {
      continuation.resume(continuation.isNew() ? null : fork.tried);
      taken = true;
    } finally {
      // A resume that was refused leaves the option to be tried.
      if (taken || !continuation.isResumable()) {
        fork.tried++;
        fork.continuation = rest;
        if (isLast) {
          forks.pop();
        }
      }
    }
    if (continuation.value() instanceof Computed) {
      found = (Computed) continuation.value();
      continuation.close();
    } else if ((int) continuation.value() == 0) {
      continuation.close();
    } else {
      forks.push(new Fork(continuation, (int) continuation.value()));
    }
  }

  /**
   * What is to be solved. Deterministic and without effects.
   *
   * @param <S> what is looked for
   */
  @FunctionalInterface
  public interface Problem<S> extends Serializable {
    /**
     * Finds one solution, for one way of choosing.
     *
     * @param choices where the ways part; to be used inside of this call only
     * @return a solution
     */
    S solve(Choices choices);
  }

  /** Where the ways of a {@link Search} part. */
  public static final class Choices {
    private final SuspendCapability capability;

    private Choices(SuspendCapability capability) {
      this.capability = capability;
    }

    /**
     * Chooses: returns each of the options, one after another, each on a way of its own.
     *
     * @param options the same ones whenever the choices before were the same; with none this is
     *     {@link #fail()}
     * @param <T> what there is to choose from
     * @return one of the options
     */
    public <T> T choose(List<? extends T> options) {
      // The number of an option is what is recorded, so that options need not be serialisable.
      int chosen = capability.<Integer>suspend(options.size());
      return options.get(chosen);
    }

    /**
     * Gives up this way unless a condition holds.
     *
     * @param condition what has to hold for a solution
     */
    public void require(boolean condition) {
      if (!condition) {
        fail();
      }
    }

    /**
     * Gives up this way. Never returns; {@code finally} blocks on the way run.
     *
     * @param <T> what the caller needs to return
     * @return never
     */
    public <T> T fail() {
      return choose(List.of());
    }
  }

  /** A choice with options that were not tried yet, or the beginning, which has one way to go. */
  private static final class Fork {
    final int options;
    int tried;

    /** Stands there; {@code null} if no option is left. */
    Continuation continuation;

    Fork(Continuation continuation, int options) {
      this.continuation = continuation;
      this.options = options;
    }
  }
}
