// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import dev.fermata.FermataInfo;
import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import java.util.List;
import java.util.concurrent.ExecutionException;

/** Runs the triage of many reviews at once. */
interface Engine {
  /** In a few words. */
  String title();

  /** In a line. */
  String description();

  /**
   * How its actions wait.
   *
   * @throws InputException if they cannot wait in the way that was asked for
   */
  Strategy strategy() throws InputException;

  /** Why they wait in this way. */
  String reason();

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

  /** Fermata's strategy for owners of a kind. */
  static Strategy strategy(OwnerKind owners) throws InputException {
    FermataInfo info = FermataInfo.current();
    return info.strategy(owners).orElseThrow(() -> new InputException(info.reason(owners)));
  }
}
