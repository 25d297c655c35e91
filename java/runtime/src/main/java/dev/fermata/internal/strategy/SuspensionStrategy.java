// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import dev.fermata.Strategy;

/**
 * A way to suspend actions. One instance belongs to one executor and holds what its actions share,
 * such as idle carrier threads; it ends with {@link #close()}.
 */
public interface SuspensionStrategy {
  /** Which strategy this is. */
  Strategy kind();

  /**
   * Whether {@link SuspendableAction#wake()} makes a suspended action runnable, which it then
   * reports through {@link ActionSignals#runnable()}. If not, the owner may run the next slice of a
   * suspended action at any time.
   */
  boolean resumedByUnpark();

  /**
   * Checks that the calling owner may run a slice now.
   *
   * @throws IllegalStateException if it holds a monitor and the strategy cannot leave it alone
   */
  default void checkOwner() {}

  /** Whether the calling owner holds a monitor that a suspend would take away from it. */
  default boolean endangersOwner() {
    return false;
  }

  /**
   * Creates an action; nothing runs before its first slice.
   *
   * <p>Called by the owner, which is no virtual thread: to block one is to suspend it, and needs no
   * strategy.
   *
   * @param body the action's code; must not throw
   * @param signals told when the action becomes runnable; {@code null} if nobody will wake or
   *     interrupt it, which only those that are not {@link #resumedByUnpark()} allow
   */
  SuspendableAction start(Runnable body, ActionSignals signals);

  /**
   * Ends the threads that no action uses; those in use end with their action. Starts nothing more:
   * the first slice of a later action throws {@link IllegalStateException}. Never waits; any
   * thread, any number of times.
   */
  void close();
}
