// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.continuation;

/**
 * One thing that a continuation was given, and what it was given before: a list that grows at its
 * end and shares its past with the lists of copies. Immutable.
 */
public final class Step {
  /** What can be given. */
  public enum Kind {
    /** What {@code resume} passed in. */
    INPUT,
    /** What the effect of a {@code once} returned. */
    RESULT,
    /** What the effect of a {@code once} threw. */
    FAILURE,
    /** The message of the exception by which a {@code suspend} was refused. */
    REFUSAL
  }

  final Step before;
  final long nulls;
  final Kind kind;
  final Object value;
  final long position;

  /**
   * @param before the step before, or {@code null}
   * @param nulls how many inputs that are {@code null} came in between: most continuations are
   *     given nothing else, and a count needs no memory
   */
  public Step(Step before, long nulls, Kind kind, Object value) {
    this.before = before;
    this.nulls = nulls;
    this.kind = kind;
    this.value = value;
    this.position = (before == null ? 0 : before.position) + nulls + 1;
  }

  /** How many steps there were with this one. */
  public long position() {
    return position;
  }

  /** What was given. */
  public Object value() {
    return value;
  }
}
