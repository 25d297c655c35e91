// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.continuation;

import dev.fermata.Strategy;
import dev.fermata.internal.strategy.Strategies;
import dev.fermata.internal.strategy.SuspensionStrategy;

/**
 * Owns the platform threads that run slices for virtual threads: one for each that waits for one.
 * They are daemons and end when idle for a minute.
 */
final class Carriers {
  static final SuspensionStrategy STRATEGY =
      Strategies.ofThisProcess()
          .chooseForContinuations(Strategy.HANDOFF)
          .newStrategy(Coroutines.NO_LIMIT);

  private Carriers() {}
}
