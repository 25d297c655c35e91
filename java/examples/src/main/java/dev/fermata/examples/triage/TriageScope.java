// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import java.time.Duration;
import java.util.function.Supplier;

/**
 * What the triage of one review can wait for, whatever runs it. Used by that triage alone, on its
 * own thread.
 */
interface TriageScope {
  /**
   * Makes a call on a thread that may block, and waits for it.
   *
   * @param name of the call, for records of it
   * @param type of the value in the answer
   * @throws ModelException if the model gave no answer
   */
  <T> Answer<T> call(String name, Class<T> type, Supplier<Answer<T>> call);

  /** Waits for a time. */
  void sleep(Duration duration);
}
