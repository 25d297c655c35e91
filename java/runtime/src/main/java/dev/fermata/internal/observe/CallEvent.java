// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** The run of one call's supplier, on its worker. */
@Name("dev.fermata.Call")
@Label("Call")
@Category("Fermata")
@Description("A worker ran the supplier of an asynchronous call")
@StackTrace(false)
final class CallEvent extends IntervalEvent {
  @Label("Supplier")
  Class<?> supplier;

  @Label("Time in Queue")
  @Timespan(Timespan.NANOSECONDS)
  long queued;

  static FlightEvents.Interval start(String executor, Class<?> supplier, long submittedNanos) {
    CallEvent event = new CallEvent();
    if (!event.isEnabled()) {
      return NOT_RECORDED;
    }
    event.supplier = supplier;
    event.queued = System.nanoTime() - submittedNanos;
    return event.beginIn(executor);
  }
}
