// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * What the triage of one review can wait for, whatever runs it. Used by that triage alone, on its
 * own thread.
 */
interface TriageScope {
  /**
   * Makes a call and waits for its answer.
   *
   * @param name of the call, for records of it
   * @param type of the value in the answer
   * @param call begins it, without blocking
   * @throws ModelException if the model gave no answer
   */
  <T> Answer<T> call(String name, Class<T> type, Supplier<CompletableFuture<Answer<T>>> call);

  /** Waits for a time. */
  void sleep(Duration duration);
}
