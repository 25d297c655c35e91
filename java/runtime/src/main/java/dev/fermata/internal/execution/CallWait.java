// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** What an action waits for at one suspension point, and since when. Immutable. */
final class CallWait {
  private final List<Call<?>> calls;
  private final Supplier<String> description;
  private final long sinceNanos = System.nanoTime();

  private CallWait(List<Call<?>> calls, Supplier<String> description) {
    this.calls = calls;
    this.description = description;
  }

  static CallWait forCalls(List<Call<?>> calls) {
    return new CallWait(calls, () -> calls.size() == 1 ? "a call" : calls.size() + " calls");
  }

  static CallWait forSleep(long nanos) {
    return new CallWait(
        List.of(), () -> "a sleep of " + TimeUnit.NANOSECONDS.toMillis(nanos) + " ms");
  }

  static CallWait forStage() {
    return new CallWait(List.of(), () -> "a completion stage");
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
    return description.get();
  }
}
