// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import dev.fermata.Strategy;
import java.util.stream.Stream;

/** The strategies by which continuations must work on the JDK of this process. */
final class Kinds {
  static final int JAVA = Runtime.version().feature();

  private Kinds() {}

  static Stream<Strategy> all() {
    if (JAVA >= 24) {
      return Stream.of(Strategy.CONTINUATION, Strategy.VIRTUAL, Strategy.HANDOFF);
    }
    return JAVA >= 21
        ? Stream.of(Strategy.CONTINUATION, Strategy.HANDOFF)
        : Stream.of(Strategy.HANDOFF);
  }

  static Strategy byDefault() {
    return JAVA >= 21 ? Strategy.CONTINUATION : Strategy.HANDOFF;
  }

  static Continuation live(Strategy strategy, ContinuationEntryPoint entryPoint) {
    return Continuation.builder().strategy(strategy).live().build(entryPoint);
  }
}
