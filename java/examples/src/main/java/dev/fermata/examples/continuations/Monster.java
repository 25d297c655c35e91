// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.continuations;

import dev.fermata.continuation.ContinuationEntryPoint;
import dev.fermata.continuation.SuspendCapability;

/**
 * Walks its round, one step in each tick of its game. There is no state machine: {@link #walkTo} is
 * a loop that suspends.
 *
 * <p>At each place of its round it takes a snapshot. Its fields then say all that {@link #start}
 * needs to go on, so a saved game holds the steps since the last place, and not those before.
 */
public final class Monster implements ContinuationEntryPoint {
  private static final long serialVersionUID = 1L;

  private final String name;
  private final int[][] round;
  private int next;
  private int x;
  private int y;

  /** Begins at 0,0 and goes from place to place, and from the last to the first. */
  public Monster(String name, int[]... round) {
    this.name = name;
    this.round = round;
  }

  @Override
  public void start(SuspendCapability tick) {
    while (true) {
      walkTo(round[next][0], round[next][1], tick);
      next = (next + 1) % round.length;
      tick.snapshot();
    }
  }

  private void walkTo(int toX, int toY, SuspendCapability tick) {
    while (x != toX || y != toY) {
      x += Integer.signum(toX - x);
      y += Integer.signum(toY - y);
      tick.suspend(name + " at " + x + "," + y);
    }
  }
}
