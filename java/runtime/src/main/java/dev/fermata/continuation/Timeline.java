// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;

/**
 * A continuation that can be taken back: undo and redo, step by step. Each {@link #resume} is a
 * step; {@link #undo()} goes back to before it, and {@link #redo()} forward again until another
 * step is taken from there.
 *
 * <pre>{@code
 * try (Timeline game = Timeline.of(new Continuation(new Game()))) {
 *   game.resume();
 *   game.resume(new Move("e2", "e4"));
 *   game.undo();
 *   game.resume(new Move("d2", "d4"));
 * }
 * }</pre>
 *
 * <p>A step costs a {@linkplain Continuation#copy() copy}, whose history all of them share. Undo
 * and redo run nothing; the first step after an undo replays the steps before it. What was done
 * {@link SuspendCapability#once once} stays done: it is part of the past that is taken back, and is
 * done again when another way leads there. One thread at a time.
 */
public final class Timeline implements AutoCloseable {
  private final Deque<Continuation> past = new ArrayDeque<>();
  private final Deque<Continuation> future = new ArrayDeque<>();
  private Continuation present;

  private Timeline(Continuation present) {
    this.present = present;
  }

  /**
   * Begins a timeline.
   *
   * @param continuation recorded, new or suspended; it belongs to the timeline from here on
   * @return a timeline without past
   */
  public static Timeline of(Continuation continuation) {
    return new Timeline(Objects.requireNonNull(continuation, "continuation"));
  }

  /**
   * Takes a step without input.
   *
   * @return as {@link Continuation#resume()}
   */
  public boolean resume() {
    return resume(null);
  }

  /**
   * Takes a step; what was undone cannot be redone any more. Can be undone also if it fails. One
   * that is refused, so that nothing has happened, changes nothing here either.
   *
   * @param input what the pending {@link SuspendCapability#suspend(Object)} returns
   * @return as {@link Continuation#resume(Object)}, as is what it throws
   */
  public boolean resume(Object input) {
    if (!present.isResumable()) {
      return present.resume(input);
    }
    Continuation before = present.copy();
    boolean taken = false;
    try {
      boolean suspended = present.resume(input);
      taken = true;
      return suspended;
    } finally {
      if (taken || !present.isResumable()) {
        past.push(before);
        closeAll(future);
      }
    }
  }

  /** Takes back the last step; false if there is none. */
  public boolean undo() {
    return move(past, future);
  }

  /** Takes again the last step that was undone; false if there is none. */
  public boolean redo() {
    return move(future, past);
  }

  private boolean move(Deque<Continuation> from, Deque<Continuation> to) {
    if (from.isEmpty()) {
      return false;
    }
    to.push(present);
    present = from.pop();
    return true;
  }

  /**
   * Returns how many steps can be undone.
   *
   * @return the number of steps from the beginning of the timeline
   */
  public int undoable() {
    return past.size();
  }

  /**
   * Returns how many steps can be redone.
   *
   * @return the number of steps that were undone
   */
  public int redoable() {
    return future.size();
  }

  /**
   * Returns what was handed out last, as of now.
   *
   * @return as {@link Continuation#value()}
   */
  public Object value() {
    return present.value();
  }

  /**
   * Returns whether a step can be taken.
   *
   * @return as {@link Continuation#isResumable()}
   */
  public boolean isResumable() {
    return present.isResumable();
  }

  /**
   * Returns whether the end is reached, as of now.
   *
   * @return as {@link Continuation#isCompleted()}
   */
  public boolean isCompleted() {
    return present.isCompleted();
  }

  /**
   * Returns what goes on from here apart from this timeline: another one, or one to be saved.
   *
   * @return a copy of the continuation as of now
   */
  public Continuation copy() {
    return present.copy();
  }

  /** Closes the continuation, with its past and future. */
  @Override
  public void close() {
    present.close();
    closeAll(past);
    closeAll(future);
  }

  private static void closeAll(Deque<Continuation> continuations) {
    while (!continuations.isEmpty()) {
      continuations.pop().close();
    }
  }
}
