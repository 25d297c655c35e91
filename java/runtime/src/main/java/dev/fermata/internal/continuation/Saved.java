// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.continuation;

/** What is kept of a continuation: how far it is, its entry point, what it was given. Immutable. */
public final class Saved {
  /**
   * How far a continuation is. The order is that of the codes in the saved form: add at the end.
   */
  public enum State {
    /** Not begun. */
    NEW,
    /** Suspended, waiting for an input. */
    SUSPENDED,
    /** Suspended before an effect that is held, which takes no input. */
    AT_EFFECT,
    /** Completed: there is no history, and for a continuation no entry point. */
    COMPLETED,
    /** A generator that is suspended with an element that was not yet taken. */
    UNTAKEN
  }

  private final State state;
  private final Object entry;
  private final History history;

  /** Puts it together. */
  public Saved(State state, Object entry, History history) {
    this.state = state;
    this.entry = entry;
    this.history = history;
  }

  /** The same with another state and entry point. */
  public Saved with(State otherState, Object otherEntry) {
    return new Saved(otherState, otherEntry, history);
  }

  /** How far it is. */
  public State state() {
    return state;
  }

  /** The entry point as it was before the history; {@code null} if completed. */
  public Object entry() {
    return entry;
  }

  /** What it was given. */
  public History history() {
    return history;
  }
}
