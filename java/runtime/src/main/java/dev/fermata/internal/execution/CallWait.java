// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import java.util.List;
import java.util.concurrent.TimeUnit;

/** What an action waits for at one suspension point, and since when. Immutable. */
final class CallWait {
  private final List<Call<?>> calls;
  private final long sleepNanos;
  private final long sinceNanos = System.nanoTime();

  private CallWait(List<Call<?>> calls, long sleepNanos) {
    this.calls = calls;
    this.sleepNanos = sleepNanos;
  }

  static CallWait forCalls(List<Call<?>> calls) {
    return new CallWait(calls, 0);
  }

  static CallWait forSleep(long nanos) {
    return new CallWait(List.of(), nanos);
  }

  List<Call<?>> calls() {
    return calls;
  }

  long ageNanos() {
    return System.nanoTime() - sinceNanos;
  }

  /** Says what it waits for; made when somebody asks, for most waits nobody does. */
  @Override
  public String toString() {
    if (calls.isEmpty()) {
      return "a sleep of " + TimeUnit.NANOSECONDS.toMillis(sleepNanos) + " ms";
    }
    return calls.size() == 1 ? "a call" : calls.size() + " calls";
  }
}
