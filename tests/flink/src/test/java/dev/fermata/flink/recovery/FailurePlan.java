// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.recovery;

import java.util.Random;

/**
 * When the job fails. One failure is armed at a time, at a completed checkpoint, and strikes at a
 * random one of the next chances of its kind. Shared by all attempts of the job, in one JVM.
 */
final class FailurePlan {
  enum Point {
    BEFORE_CALL,
    DURING_CALL,
    AFTER_CALL,
    DURING_CHECKPOINT,
    DURING_RESTORE
  }

  /** What ends an attempt. An error, so that a call which throws it has no outcome. */
  static final class InducedFailure extends Error {
    private static final long serialVersionUID = 1L;

    InducedFailure(Point point) {
      super("induced " + point);
    }
  }

  private static final int MOST_CHANCES = 40;

  private final Random random;
  private final int failures;
  private int struck;
  private Point armed;
  private int chances;
  private long elements;

  FailurePlan(long seed, int failures) {
    random = new Random(seed);
    this.failures = failures;
  }

  synchronized boolean isOver() {
    return struck == failures;
  }

  synchronized int struck() {
    return struck;
  }

  /** Lets elements in until the failures are over, and then no new one. */
  synchronized boolean admits(long number) {
    if (!isOver()) {
      elements = Math.max(elements, number + 1);
    }
    return number < elements;
  }

  /** How many elements were let in. */
  synchronized long elements() {
    return elements;
  }

  /** Chooses the next failure, after a checkpoint: what follows can be lost. */
  synchronized void arm() {
    if (armed == null && struck < failures) {
      armed = Point.values()[random.nextInt(Point.values().length)];
      boolean isRare = armed == Point.DURING_CHECKPOINT || armed == Point.DURING_RESTORE;
      chances = isRare ? 1 : 1 + random.nextInt(MOST_CHANCES);
    }
  }

  /** Fails if the armed failure strikes here. A restore follows a failure: one is made for it. */
  synchronized void pass(Point point) {
    boolean strikes =
        armed == point || (armed == Point.DURING_RESTORE && point == Point.AFTER_CALL);
    if (!strikes || --chances > 0) {
      return;
    }
    if (armed == point) {
      armed = null;
      struck++;
    }
    throw new InducedFailure(point);
  }
}
