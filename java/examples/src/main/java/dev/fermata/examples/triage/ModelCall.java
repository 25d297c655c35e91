// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

/**
 * One call to a model that has ended. Immutable; times are {@link System#nanoTime()}.
 *
 * <p>Two calls overlap if there is a moment at which both were under way.
 */
final class ModelCall {
  /** What the model was asked for. */
  enum Kind {
    EMBED,
    DRAFT
  }

  private final Kind kind;
  private final int review;
  private final int owner;
  private final long start;
  private final long end;

  ModelCall(Kind kind, int review, int owner, long start, long end) {
    this.kind = kind;
    this.review = review;
    this.owner = owner;
    this.start = start;
    this.end = end;
  }

  Kind kind() {
    return kind;
  }

  /** Index of the review in the input, or of the prototype. */
  int review() {
    return review;
  }

  /** Index of the owner thread whose action made the call. */
  int owner() {
    return owner;
  }

  long start() {
    return start;
  }

  long end() {
    return end;
  }

  long duration() {
    return end - start;
  }
}
