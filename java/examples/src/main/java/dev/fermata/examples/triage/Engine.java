// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import dev.fermata.OwnerKind;
import java.util.List;
import java.util.concurrent.ExecutionException;

/** Runs the triage of many reviews at once. */
interface Engine {
  /** In a few words. */
  String title();

  /** In a line. */
  String description();

  /** What kind of threads its actions run on. */
  OwnerKind ownerKind();

  /** What each owner is called, by its index. */
  List<String> owners();

  /**
   * Triages all reviews and waits for that.
   *
   * @param done called after each review, on any thread
   * @throws ExecutionException if the engine gave up
   */
  TriageRun run(List<Review> reviews, Runnable done)
      throws ExecutionException, InterruptedException;
}
