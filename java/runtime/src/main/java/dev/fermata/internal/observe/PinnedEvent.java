// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The run of a call in place, with the stack of the action that could not be suspended. */
@Name("dev.fermata.Pinned")
@Label("Action Pinned")
@Category("Fermata")
@Description("An action could not be suspended, so a call ran in place and held its owner")
@StackTrace(true)
final class PinnedEvent extends IntervalEvent {
  @Label("Action")
  String action;

  @Label("Reason")
  String reason;

  static FlightEvents.Interval start(String executor, Object action, Object reason) {
    PinnedEvent event = new PinnedEvent();
    if (!event.isEnabled()) {
      return NOT_RECORDED;
    }
    event.action = String.valueOf(action);
    event.reason = String.valueOf(reason);
    return event.beginIn(executor);
  }
}
