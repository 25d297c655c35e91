// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import java.util.function.Supplier;

/** Calls that do nothing, and the check that each was made, elsewhere. */
final class Answers {
  private final Object answer = new Object();

  /** A call for the code that runs now; it fails if it is run in place, which would be cheap. */
  Supplier<Object> supplier() {
    Thread caller = Thread.currentThread();
    return () -> {
      if (Thread.currentThread() == caller) {
        throw new IllegalStateException("The call was run in place; the log says why");
      }
      return answer;
    };
  }

  void check(Object result) {
    if (result != answer) {
      throw new IllegalStateException("The call returned " + result);
    }
  }
}
