// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import dev.fermata.internal.observe.ExecutorMetrics;
import dev.fermata.internal.observe.FlightEvents;
import dev.fermata.internal.observe.PinnedSites;
import dev.fermata.internal.strategy.Pin;
import java.util.function.Supplier;

/**
 * Runs what must not wait suspended, and makes it seen: counted, recorded, logged once per call
 * site. A virtual thread as owner and a call inside a call are no fault of the user, and not
 * reported.
 */
final class PinnedCalls {
  private final String executorName;
  private final ExecutorMetrics metrics;
  private final PinnedSites sites = new PinnedSites();

  PinnedCalls(String executorName, ExecutorMetrics metrics) {
    this.executorName = executorName;
    this.metrics = metrics;
  }

  <T> T run(Pin pin, ActionState state, Supplier<T> inPlace) {
    switch (pin) {
      case MONITOR:
        return reported(
            state,
            "the action holds a monitor",
            "Leave the synchronized block or method before the call.",
            inPlace);
      case OWNER_MONITOR:
        return reported(
            state,
            "the owner holds a monitor outside of the action",
            "Leave the synchronized block or method before executeAction.",
            inPlace);
      case NATIVE_FRAME:
        return reported(
            state,
            "a native method has called back into the action",
            "Make the call before or after the native method.",
            inPlace);
      case CLASS_INITIALISER:
        return reported(
            state,
            "the action is inside a class initialiser",
            "Make the call outside the static initialiser.",
            inPlace);
      default:
        return inPlace.get();
    }
  }

  private <T> T reported(ActionState state, String reason, String remedy, Supplier<T> inPlace) {
    metrics.callPinned();
    sites.report(reason, remedy);
    FlightEvents.Interval recorded = FlightEvents.pinned(executorName, state.bodyType, reason);
    try {
      return inPlace.get();
    } finally {
      recorded.end("ran in place");
    }
  }
}
