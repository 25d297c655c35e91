// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import dev.fermata.Strategy;

/** Suspends nothing: each action runs to its end in its first slice. Owns no state. */
final class InlineStrategy implements SuspensionStrategy {
  @Override
  public Strategy kind() {
    return Strategy.INLINE;
  }

  @Override
  public boolean resumedByUnpark() {
    return false;
  }

  @Override
  public SuspendableAction start(Runnable body, ActionSignals signals) {
    return new InPlaceAction(body, Pin.NO_STRATEGY);
  }

  @Override
  public void close() {}
}
