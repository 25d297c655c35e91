// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.journal;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.flink.util.clock.Clock;

/**
 * How long actions stay in the journal of one attempt.
 *
 * <p>One that is finished stays until a checkpoint has completed that was taken afterwards: until
 * then a failure brings it back. One that an earlier attempt left, and whose input has not come
 * again, stays until a checkpoint completes when the time for that is over. The time is counted
 * anew by each attempt: while none gets on, no input has had time to come again.
 *
 * <p>Used on the task's thread.
 */
final class Retention {
  private final Duration time;
  private final Clock clock;
  private final long beganMillis;
  private final Predicate<String> drop;
  private final Set<String> awaited = new LinkedHashSet<>();
  private final NavigableMap<Long, List<String>> finishedBefore = new TreeMap<>();
  private List<String> finished = new ArrayList<>();

  /** What nobody asks for and is not dropped yet. */
  private final Queue<String> unneeded = new ArrayDeque<>();

  /**
   * Begins with an attempt.
   *
   * @param time for inputs to come again
   * @param drop drops an action, and tells whether it could; it is tried again otherwise
   */
  Retention(Duration time, Clock clock, Predicate<String> drop) {
    this.time = time;
    this.clock = clock;
    beganMillis = clock.relativeTimeMillis();
    this.drop = drop;
  }

  void await(String action) {
    awaited.add(action);
  }

  void cameAgain(String action) {
    awaited.remove(action);
  }

  void finished(String action) {
    awaited.remove(action);
    finished.add(action);
  }

  void drop(String action) {
    awaited.remove(action);
    unneeded.add(action);
    dropUnneeded();
  }

  void snapshot(long checkpoint) {
    finishedBefore.put(checkpoint, finished);
    finished = new ArrayList<>();
  }

  /** Whether this attempt has taken a checkpoint that this one, being completed, covers. */
  boolean covers(long checkpoint) {
    return !finishedBefore.headMap(checkpoint, true).isEmpty();
  }

  /**
   * Drops what no restore can ask for any more.
   *
   * @return the actions that are not awaited any more
   */
  Set<String> completed(long checkpoint) {
    NavigableMap<Long, List<String>> covered = finishedBefore.headMap(checkpoint, true);
    covered.values().forEach(unneeded::addAll);
    covered.clear();
    Set<String> givenUp = Set.of();
    if (clock.relativeTimeMillis() - beganMillis >= time.toMillis()) {
      givenUp = Set.copyOf(awaited);
      unneeded.addAll(awaited);
      awaited.clear();
    }
    dropUnneeded();
    return givenUp;
  }

  /** Until the journal has no room: then the rest is for the next checkpoint. */
  private void dropUnneeded() {
    while (!unneeded.isEmpty() && drop.test(unneeded.peek())) {
      unneeded.remove();
    }
  }
}
