// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.continuation;

/** A way through a history, oldest step first. Not thread-safe. */
public final class Replay {
  private final Step[] steps;
  private final long nullsAtEnd;
  private int next;
  private long nullsLeft;
  private long taken;

  /** Begins before the first step. */
  public Replay(History history) {
    steps = history.steps();
    nullsAtEnd = history.nulls();
    nullsLeft = nullsBefore(0);
  }

  private long nullsBefore(int step) {
    return step < steps.length ? steps[step].nulls : nullsAtEnd;
  }

  /** Whether all was taken. */
  public boolean isOver() {
    return nullsLeft == 0 && next == steps.length;
  }

  /** How many steps were taken. */
  public long taken() {
    return taken;
  }

  /** What kind of step is next; there must be one. */
  public Step.Kind kind() {
    return nullsLeft > 0 ? Step.Kind.INPUT : steps[next].kind;
  }

  /** Takes the next step; there must be one. */
  public Object take() {
    taken++;
    if (nullsLeft > 0) {
      nullsLeft--;
      return null;
    }
    Step step = steps[next++];
    nullsLeft = nullsBefore(next);
    return step.value;
  }
}
