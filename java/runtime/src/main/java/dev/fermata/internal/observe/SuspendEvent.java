// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** From an action's suspension to its resumption, with the action's stack. */
@Name("dev.fermata.Suspend")
@Label("Action Suspended")
@Category("Fermata")
@Description("An action waited without holding its owner")
@StackTrace(true)
final class SuspendEvent extends IntervalEvent {
  @Label("Action")
  String action;

  @Label("Waits For")
  String waitsFor;

  static FlightEvents.Interval start(String executor, Object action, Object waitsFor) {
    SuspendEvent event = new SuspendEvent();
    if (!event.isEnabled()) {
      return NOT_RECORDED;
    }
    event.action = String.valueOf(action);
    event.waitsFor = String.valueOf(waitsFor);
    return event.beginIn(executor);
  }
}
