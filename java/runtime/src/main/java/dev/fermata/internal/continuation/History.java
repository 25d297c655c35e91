// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.continuation;

/** What a continuation was given since its beginning or its last snapshot. Immutable. */
public final class History {
  /** Nothing. */
  public static final History EMPTY = new History(null, 0);

  private final Step last;
  private final long nulls;

  /**
   * @param last the last step that is none of a {@code null} input, or {@code null}
   * @param nulls how many inputs that are {@code null} came after it
   */
  public History(Step last, long nulls) {
    this.last = last;
    this.nulls = nulls;
  }

  /** The last step that is none of a {@code null} input, or {@code null}. */
  public Step last() {
    return last;
  }

  /** How many inputs that are {@code null} came after the last step. */
  public long nulls() {
    return nulls;
  }

  /** How many steps there are. */
  public long length() {
    return (last == null ? 0 : last.position) + nulls;
  }

  /** The steps that are none of a {@code null} input, oldest first. */
  public Step[] steps() {
    int count = 0;
    for (Step step = last; step != null; step = step.before) {
      count++;
    }
    Step[] steps = new Step[count];
    for (Step step = last; step != null; step = step.before) {
      steps[--count] = step;
    }
    return steps;
  }
}
