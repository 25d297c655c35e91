// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** One slice of an action, on its owner. */
@Name("dev.fermata.Resume")
@Label("Action Resumed")
@Category("Fermata")
@Description("The owner ran a slice of an action")
@StackTrace(false)
final class ResumeEvent extends IntervalEvent {
  @Label("Action")
  String action;

  static FlightEvents.Interval start(String executor, Object action) {
    ResumeEvent event = new ResumeEvent();
    if (!event.isEnabled()) {
      return NOT_RECORDED;
    }
    event.action = String.valueOf(action);
    return event.beginIn(executor);
  }
}
