// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import java.util.ArrayList;
import java.util.List;

/**
 * One branch of a {@link SpeculationTree}, from one question to the next. Guarded by the tree's
 * lock.
 */
final class Branch<A> {
  enum State {
    /** A step of it was given to the executor. */
    RUNNING,
    /** It has asked, and its children go on with guesses. */
    ASKING,
    /** It stands before an effect, which has to wait until no guess is left on the way here. */
    HELD,
    ENDED,
    /** Guessed wrong, answered, or of a run that is over. */
    CLOSED
  }

  /**
   * Of a branch that asks: one that stands at the question, as copies of it went on with guesses.
   */
  Continuation continuation;

  /** The branch that asked what this one goes on with a guess for; null for the trunk. */
  Branch<A> parent;

  A guess;
  final List<Branch<A>> children = new ArrayList<>();
  State state = State.RUNNING;

  /** What it ended with; one of the two. */
  Object value;

  Throwable failure;

  Branch(Continuation continuation, Branch<A> parent, A guess) {
    this.continuation = continuation;
    this.parent = parent;
    this.guess = guess;
  }
}
