// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import java.nio.file.Path;
import java.util.Optional;

/** Makes an engine. */
interface EngineFactory {
  /**
   * An engine that asks models at this endpoint.
   *
   * @param inFlight most reviews under way at once, at least 1
   * @param journal folder of the journal that remembers calls over runs; empty for none
   * @throws InputException if such an engine keeps no journal and one was asked for
   */
  Engine create(Endpoint endpoint, NearestPrototype judge, int inFlight, Optional<Path> journal)
      throws InputException;

  /** A factory of engines that keep no journal. */
  static EngineFactory withoutJournal(Plain engines) {
    return (endpoint, judge, inFlight, journal) -> {
      if (journal.isPresent()) {
        throw new InputException(
            "a journal is kept by the engine loop alone: choose that one, or leave the journal"
                + " out");
      }
      return engines.create(endpoint, judge, inFlight);
    };
  }

  /** Makes an engine that keeps no journal. */
  interface Plain {
    /** See {@link EngineFactory#create}. */
    Engine create(Endpoint endpoint, NearestPrototype judge, int inFlight);
  }
}
