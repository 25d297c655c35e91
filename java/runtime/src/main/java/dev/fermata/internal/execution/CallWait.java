// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import java.util.List;

/** What an action waits for at one suspension point, and since when. Immutable. */
final class CallWait {
  private final List<Call<?>> calls;
  private final String what;
  private final long sinceNanos = System.nanoTime();

  CallWait(List<Call<?>> calls, String what) {
    this.calls = calls;
    this.what = what;
  }

  List<Call<?>> calls() {
    return calls;
  }

  String what() {
    return what;
  }

  long ageNanos() {
    return System.nanoTime() - sinceNanos;
  }
}
