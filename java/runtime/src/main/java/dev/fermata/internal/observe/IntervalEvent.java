// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

import jdk.jfr.Event;
import jdk.jfr.Label;

/** What all events of Fermata have. Made by one thread for one interval. */
abstract class IntervalEvent extends Event implements FlightEvents.Interval {
  @Label("Executor")
  String executor;

  @Label("Outcome")
  String outcome;

  /** Begins an event that is enabled. */
  final FlightEvents.Interval beginIn(String executor) {
    this.executor = executor;
    begin();
    return this;
  }

  @Override
  public final void end(String outcome) {
    this.outcome = outcome;
    commit();
  }
}
