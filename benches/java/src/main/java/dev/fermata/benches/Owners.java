// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import dev.fermata.ContinuationActionExecutor;
import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/**
 * The strategies that this JVM offers, each by a kind of owner that gets it, and what owners do.
 */
final class Owners {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private Owners() {}

  static Map<Strategy, OwnerKind> kinds() {
    Map<Strategy, OwnerKind> kinds = new EnumMap<>(Strategy.class);
    for (OwnerKind kind : OwnerKind.values()) {
      try (ContinuationActionExecutor executor =
          ContinuationActionExecutor.builder().ownerKind(kind).build()) {
        if (executor.strategy() == Strategy.INLINE) {
          throw new IllegalStateException("Nothing can be suspended here; the log says why");
        }
        kinds.putIfAbsent(executor.strategy(), kind);
      }
    }
    return kinds;
  }

  /** Parks the owner until something can go on. */
  static void awaitReady(ContinuationActionExecutor executor) throws InterruptedException {
    if (!executor.awaitReady(PATIENCE)) {
      throw new IllegalStateException("No call completed within " + PATIENCE);
    }
  }

  static String nameOf(Strategy strategy) {
    return strategy.name().toLowerCase(Locale.ROOT);
  }
}
