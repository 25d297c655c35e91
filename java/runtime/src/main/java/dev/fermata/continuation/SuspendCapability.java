// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import java.io.Serializable;
import java.util.concurrent.Callable;

/**
 * What the code of a {@link Continuation} suspends it by. Belongs to one continuation; all methods
 * are called by its code, from any depth below {@link ContinuationEntryPoint#start}.
 *
 * <p>It may stand in a field of an entry point that is serialised, but is not saved: the one that
 * {@code start} is given counts, and one that was read from a stream is of no use.
 */
public final class SuspendCapability implements Serializable {
  private static final long serialVersionUID = 1L;

  private final transient Life life;

  SuspendCapability(Life life) {
    this.life = life;
  }

  /**
   * Suspends the continuation: {@link Continuation#resume()} returns {@code true}. Returns when it
   * is resumed.
   *
   * @throws IllegalContinuationStateException if the continuation cannot be suspended here: it is
   *     not the innermost one that the calling thread resumes; or, depending on the strategy, a
   *     monitor is held, or a native frame or a class initialiser is in between. Nothing has
   *     happened then
   * @throws dev.fermata.ActionAbortedError if the continuation is closed
   * @throws NonDeterministicContinuationException if this is a replay, and what was recorded here
   *     was no suspend
   */
  public void suspend() {
    life().suspend(null);
  }

  /**
   * Hands out a value and suspends the continuation.
   *
   * @param value what {@link Continuation#value()} returns until it is resumed; may be {@code null}
   * @param <T> type of the input; not checked
   * @return what {@link Continuation#resume(Object)} passed in, {@code null} from {@link
   *     Continuation#resume()}
   * @throws IllegalContinuationStateException as {@link #suspend()}
   */
  @SuppressWarnings("unchecked")
  public <T> T suspend(Object value) {
    return (T) life().suspend(value);
  }

  /**
   * Runs an effect once: its outcome is recorded, and a replay has it without running it again.
   * Clocks, chance, I/O and all that changes the world belong here.
   *
   * @param effect must neither suspend nor call {@code once}
   * @param <T> type of the result, which must not be changed afterwards
   * @return what it returned
   * @throws RuntimeException what it threw, checked or not: the same object (after reading from a
   *     stream: one like it)
   * @throws IllegalContinuationStateException if the continuation is not the innermost one that the
   *     calling thread resumes
   */
  public <T> T once(Callable<? extends T> effect) {
    return life().once(effect);
  }

  /**
   * Declares that {@link ContinuationEntryPoint#start}, called on this entry point as it is now,
   * goes on from here: its fields are serialised again and the history is dropped, so that a replay
   * takes as long as the steps since. Does nothing in a replay and in a live continuation.
   *
   * @throws IllegalStateException if the entry point cannot be serialised; the history is kept
   */
  public void snapshot() {
    life().takeSnapshot();
  }

  /**
   * Returns whether recorded steps are being replayed: for logging, not for decisions.
   *
   * @return {@code false} as soon as the last recorded step was handed out
   */
  public boolean isReplaying() {
    return life().isReplaying();
  }

  private Life life() {
    if (life == null) {
      throw new IllegalContinuationStateException(
          "This capability was read from a stream: use the one that start() is given");
    }
    return life;
  }
}
