// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import java.util.concurrent.CompletableFuture;

/** Records the outcome of a step, on the thread that brought it. */
interface StepRecorder {
  /**
   * Records the outcome of a step.
   *
   * @param step which is done
   * @return completes, without an exception in any case, when the function may see the outcome
   */
  CompletableFuture<Void> record(Step step);
}
