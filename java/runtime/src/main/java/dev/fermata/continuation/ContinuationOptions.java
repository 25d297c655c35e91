// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import dev.fermata.Strategy;
import dev.fermata.internal.continuation.Coroutines;

/** How a continuation is run. Immutable. */
final class ContinuationOptions {
  private final boolean recorded;
  private final boolean checked;
  private final boolean trusting;
  private final Coroutines coroutines;

  private ContinuationOptions(
      boolean recorded, boolean checked, boolean trusting, Coroutines coroutines) {
    this.recorded = recorded;
    this.checked = checked;
    this.trusting = trusting;
    this.coroutines = coroutines;
  }

  /**
   * Finds out what is needed for it.
   *
   * @param strategy or {@code null} for the default
   * @throws UnsupportedOperationException if there are no continuations here
   */
  static ContinuationOptions of(
      boolean recorded, boolean checked, boolean trusting, Strategy strategy) {
    return new ContinuationOptions(
        recorded,
        checked && recorded,
        trusting,
        strategy == null ? Coroutines.byDefault() : Coroutines.by(strategy));
  }

  /** Those of a continuation that is made without a builder. */
  static ContinuationOptions defaults() {
    return Continuation.builder().options();
  }

  boolean isRecorded() {
    return recorded;
  }

  boolean isChecked() {
    return checked;
  }

  /** Whether it promises to hold no monitor when it suspends. */
  boolean isTrusting() {
    return trusting;
  }

  Coroutines coroutines() {
    return coroutines;
  }
}
