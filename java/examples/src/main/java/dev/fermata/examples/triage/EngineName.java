// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import java.util.Locale;

/** The engines there are, as the command line knows them. */
enum EngineName {
  FLINK(FlinkEngine::new),
  LOOP(LoopEngine::new);

  private final Factory factory;

  EngineName(Factory factory) {
    this.factory = factory;
  }

  /**
   * An engine that asks models at this endpoint.
   *
   * @param inFlight most reviews under way at once, at least 1
   */
  Engine create(Endpoint endpoint, NearestPrototype judge, int inFlight) {
    return factory.create(endpoint, judge, inFlight);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  private interface Factory {
    Engine create(Endpoint endpoint, NearestPrototype judge, int inFlight);
  }
}
