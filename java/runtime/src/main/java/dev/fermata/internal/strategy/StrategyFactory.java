// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.time.Duration;

/** Makes instances of one strategy, one per executor. */
@FunctionalInterface
interface StrategyFactory {
  /**
   * @param ownerWaitLimit how long an owner waits for a slice that runs on another thread before a
   *     warning is logged
   */
  SuspensionStrategy create(Duration ownerWaitLimit);
}
