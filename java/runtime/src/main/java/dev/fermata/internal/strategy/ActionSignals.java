// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

/** What an action tells the executor it belongs to. */
@FunctionalInterface
public interface ActionSignals {
  /**
   * The suspended action can run its next slice. Called only by strategies that are {@link
   * SuspensionStrategy#resumedByUnpark() resumed by unpark}, from any thread (also by the action
   * itself in the middle of a slice); must neither block nor throw.
   */
  void runnable();
}
