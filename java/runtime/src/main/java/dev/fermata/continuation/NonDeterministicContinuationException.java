// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

/**
 * A replayed continuation did not do what it did before: its entry point depends on something that
 * is neither one of its fields nor an input. Such things belong into {@link
 * SuspendCapability#once}. The continuation is completed, unless it was {@link Continuation#value}
 * that replayed; what it was saved in or copied from is as before.
 */
public final class NonDeterministicContinuationException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  private final long step;

  NonDeterministicContinuationException(long step, String message, Throwable cause) {
    super("Step " + step + ": " + message, cause);
    this.step = step;
  }

  /**
   * Returns where the replay went another way.
   *
   * @return the number of the step since the beginning or the last snapshot, from 1 on; a step is
   *     an input or the outcome of a {@code once}
   */
  public long step() {
    return step;
  }
}
