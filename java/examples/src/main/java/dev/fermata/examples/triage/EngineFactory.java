// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

/** Makes an engine. */
interface EngineFactory {
  /**
   * An engine that asks models at this endpoint.
   *
   * @param inFlight most reviews under way at once, at least 1
   */
  Engine create(Endpoint endpoint, NearestPrototype judge, int inFlight);
}
