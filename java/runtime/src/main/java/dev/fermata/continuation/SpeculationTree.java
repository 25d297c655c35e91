// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import dev.fermata.continuation.Branch.State;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of a {@link Speculation}: the tree of its branches, each of which rests on one guess more
 * than its parent does. An answer takes a level out of the tree: the branch that asked gives its
 * place to the child that had guessed it, or goes on itself. So every edge is a guess that is
 * neither right nor wrong yet, and the trunk is the one branch that rests on none: the only one
 * that may have effects and an outcome.
 *
 * <p>The lock guards the tree. Code of the user runs without it, except the {@code equals} of
 * answers; what a change leads to is collected in {@link #due} and done after it. A change that is
 * made meanwhile by the same thread, as under an executor that runs what it is given at once, is
 * followed by its consequences after the others: the stack does not grow with the number of steps.
 */
final class SpeculationTree<Q, A, R> {
  private static final Logger LOG = LoggerFactory.getLogger(Speculation.class);

  private final Speculation<Q, A> speculation;
  private final CompletableFuture<R> outcome = new CompletableFuture<>();
  private final Object lock = new Object();
  private final List<Runnable> due = new ArrayList<>();

  /** What a thread that does so has left to do; threads do not do each other's work. */
  private final ThreadLocal<Queue<Runnable>> doing = new ThreadLocal<>();

  /** Guesses that wait for their turn, in the order in which they were made. */
  private final Queue<Guess<A>> untried = new ArrayDeque<>();

  private Branch<A> trunk;
  private int guessedBranches;

  SpeculationTree(Speculation<Q, A> speculation) {
    this.speculation = speculation;
  }

  CompletableFuture<R> run(Continuation continuation) {
    trunk = new Branch<>(continuation, null, null);
    outcome.whenComplete((value, failure) -> change(() -> close(trunk)));
    if (continuation.isNew()) {
      change(() -> resume(trunk, null));
    } else {
      change(() -> execute(trunk, () -> true));
    }
    return outcome;
  }

  private void change(Runnable change) {
    Queue<Runnable> outer = doing.get();
    Queue<Runnable> after = outer == null ? new ArrayDeque<>() : outer;
    synchronized (lock) {
      change.run();
      after.addAll(due);
      due.clear();
    }
    if (outer == null) {
      drain(after);
    }
  }

  private void drain(Queue<Runnable> after) {
    doing.set(after);
    try {
      for (Runnable next; (next = after.poll()) != null; ) {
        next.run();
      }
    } finally {
      doing.remove();
    }
  }

  private void resume(Branch<A> branch, A input) {
    branch.state = State.RUNNING;
    Continuation continuation = branch.continuation;
    continuation.holdEffects(branch.parent != null);
    execute(branch, () -> continuation.resume(input));
  }

  private void execute(Branch<A> branch, BooleanSupplier resumption) {
    Continuation continuation = branch.continuation;
    due.add(
        () -> {
          try {
            speculation.executor.execute(() -> step(branch, continuation, resumption));
          } catch (RejectedExecutionException rejected) {
            outcome.completeExceptionally(rejected);
            close(continuation);
          }
        });
  }

  /** On the executor: runs a branch up to its next suspension. */
  private void step(Branch<A> branch, Continuation continuation, BooleanSupplier resumption) {
    if (isIn(branch, State.CLOSED)) {
      close(continuation);
      return;
    }
    boolean suspended;
    Object value;
    try {
      suspended = resumption.getAsBoolean();
      value = continuation.value();
    } catch (ContinuationExecutionException failure) {
      change(() -> end(branch, null, failure.getCause()));
      return;
    } catch (Throwable failure) {
      change(() -> end(branch, null, failure));
      return;
    }
    if (!suspended) {
      change(() -> end(branch, null, null));
    } else if (continuation.isAtEffect()) {
      change(() -> hold(branch));
    } else if (value instanceof Computed) {
      change(() -> end(branch, ((Computed) value).value, null));
    } else {
      change(() -> goOn(branch, State.ASKING));
      if (isIn(branch, State.ASKING)) {
        ask(branch, value);
      }
    }
  }

  private void ask(Branch<A> branch, Object value) {
    try {
      @SuppressWarnings("unchecked") // The type of questions is the word of who asks them.
      Q question = (Q) value;
      CompletionStage<? extends A> answer = speculation.lookup.apply(question);
      answer.whenComplete((given, failure) -> change(() -> answer(branch, given, failure)));
      if (isIn(branch, State.ASKING)) {
        Collection<A> answers = new LinkedHashSet<>(speculation.guesses.apply(question));
        change(() -> guess(branch, answers));
      }
    } catch (Throwable failure) {
      change(() -> answer(branch, null, failure));
    }
  }

  private boolean isIn(Branch<A> branch, State state) {
    synchronized (lock) {
      return branch.state == state;
    }
  }

  // From here on everything is called under the lock.

  /** What a step has come to, unless the branch was closed meanwhile. */
  private boolean goOn(Branch<A> branch, State state) {
    if (branch.state == State.CLOSED) {
      discard(branch.continuation);
      return false;
    }
    branch.state = state;
    return true;
  }

  private void hold(Branch<A> branch) {
    if (goOn(branch, State.HELD) && branch.parent == null) {
      // All guesses came true while it was on its way to the effect.
      resume(branch, null);
    }
  }

  private void end(Branch<A> branch, Object value, Throwable failure) {
    if (goOn(branch, State.ENDED)) {
      branch.value = value;
      branch.failure = failure;
      if (branch.parent == null) {
        complete(branch);
      }
    }
  }

  private void guess(Branch<A> branch, Collection<A> answers) {
    answers.forEach(answer -> untried.add(new Guess<>(branch, answer)));
    tryGuesses();
  }

  private void tryGuesses() {
    while (guessedBranches < speculation.maxBranches && !untried.isEmpty()) {
      Guess<A> guess = untried.remove();
      Branch<A> asker = guess.asker;
      if (asker.state == State.ASKING) {
        // What is there goes on, without a replay, and a copy stays for the other answers.
        Branch<A> child = new Branch<>(asker.continuation, asker, guess.answer);
        try {
          asker.continuation = asker.continuation.copy();
        } catch (RuntimeException | Error uncopied) {
          answer(asker, null, uncopied);
          continue;
        }
        asker.children.add(child);
        guessedBranches++;
        speculation.guessesTried.incrementAndGet();
        resume(child, guess.answer);
      }
    }
  }

  private void answer(Branch<A> branch, A answer, Throwable failure) {
    if (branch.state != State.ASKING) {
      return;
    }
    Branch<A> right = null;
    Throwable unanswered = failure;
    if (unanswered == null) {
      try {
        right = guessed(branch, answer);
      } catch (RuntimeException | Error uncompared) {
        unanswered = uncompared;
      }
    }
    for (Branch<A> child : branch.children) {
      if (child != right) {
        close(child);
      }
    }
    branch.children.clear();
    if (unanswered != null) {
      discard(branch.continuation);
      end(branch, null, cause(unanswered));
    } else if (right != null) {
      speculation.guessesConfirmed.incrementAndGet();
      guessedBranches--;
      discard(branch.continuation);
      replace(branch, right);
    } else {
      Branch<A> next = new Branch<>(branch.continuation, branch.parent, branch.guess);
      replace(branch, next);
      resume(next, answer);
    }
    tryGuesses();
  }

  private static <A> Branch<A> guessed(Branch<A> branch, A answer) {
    for (Branch<A> child : branch.children) {
      if (Objects.equals(child.guess, answer)) {
        return child;
      }
    }
    return null;
  }

  private void replace(Branch<A> branch, Branch<A> successor) {
    branch.state = State.CLOSED;
    successor.parent = branch.parent;
    successor.guess = branch.guess;
    if (branch.parent != null) {
      Collections.replaceAll(branch.parent.children, branch, successor);
      return;
    }
    trunk = successor;
    if (successor.state == State.HELD) {
      resume(successor, null);
    } else if (successor.state == State.ENDED) {
      complete(successor);
    }
  }

  private void complete(Branch<A> branch) {
    if (branch.failure != null) {
      due.add(() -> outcome.completeExceptionally(branch.failure));
    } else {
      @SuppressWarnings("unchecked") // The computation of this run has returned it.
      R value = (R) branch.value;
      due.add(() -> outcome.complete(value));
    }
  }

  /** Closes a branch and what goes on from it. One that is running is discarded by its step. */
  private void close(Branch<A> branch) {
    branch.children.forEach(this::close);
    if (branch.parent != null) {
      guessedBranches--;
    }
    if (branch.state != State.RUNNING && branch.state != State.CLOSED) {
      discard(branch.continuation);
    }
    branch.state = State.CLOSED;
  }

  private void discard(Continuation continuation) {
    due.add(
        () -> {
          try {
            speculation.executor.execute(() -> close(continuation));
          } catch (RejectedExecutionException noExecutor) {
            close(continuation);
          }
        });
  }

  private static void close(Continuation continuation) {
    try {
      continuation.close();
    } catch (Throwable failure) {
      // Nothing of a branch that was wrong, or is over, may show.
      LOG.debug("A branch failed while it was closed", failure);
    }
  }

  private static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  /** An answer that may be right. */
  private static final class Guess<A> {
    final Branch<A> asker;
    final A answer;

    Guess(Branch<A> asker, A answer) {
      this.asker = asker;
      this.answer = answer;
    }
  }
}
