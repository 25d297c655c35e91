// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import java.io.Serializable;

/**
 * The code of a {@link Continuation}: usually a lambda, or a class whose fields are its arguments.
 *
 * <p>It extends {@link Serializable}, so that a lambda that is written for it can be copied and
 * saved if what it captures can. For a continuation that is, the code has to be
 * <em>deterministic</em>: made again from its fields and given the same inputs, it has to suspend
 * in the same places. Clocks, chance, I/O and other side effects go through {@link
 * SuspendCapability#once}.
 */
@FunctionalInterface
public interface ContinuationEntryPoint extends Serializable {
  /**
   * Runs the code, on the thread that resumes it or one that stands in for it.
   *
   * @param suspendCapability suspends the continuation, from any depth below this method
   */
  void start(SuspendCapability suspendCapability);
}
