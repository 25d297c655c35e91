// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;

/**
 * Which elements may run: the first of each key, in the order in which they became first, up to a
 * number at once. Used on the task's side alone.
 *
 * @param <K> type of the keys
 * @param <IN> type of the elements
 */
final class KeyOrder<K, IN> {
  private final int limit;

  /** By key the elements that are not done; the first one runs or may run. */
  private final Map<K, Queue<InFlight<K, IN>>> byKey = new HashMap<>();

  private final Queue<InFlight<K, IN>> startable = new ArrayDeque<>();
  private int running;

  KeyOrder(int limit) {
    this.limit = limit;
  }

  void add(InFlight<K, IN> element) {
    Queue<InFlight<K, IN>> sameKey = byKey.computeIfAbsent(element.key, key -> new ArrayDeque<>(2));
    sameKey.add(element);
    if (sameKey.size() == 1) {
      startable.add(element);
    }
  }

  /** Takes an element that may run now; null if there is none. */
  InFlight<K, IN> start() {
    if (running == limit) {
      return null;
    }
    InFlight<K, IN> next = startable.poll();
    if (next != null) {
      running++;
    }
    return next;
  }

  /** Makes a running element startable again. */
  void restart(InFlight<K, IN> element) {
    running--;
    startable.add(element);
  }

  /** Ends a running element: the next one of its key may run. */
  void finish(InFlight<K, IN> element) {
    running--;
    Queue<InFlight<K, IN>> sameKey = byKey.get(element.key);
    sameKey.remove();
    if (sameKey.isEmpty()) {
      byKey.remove(element.key);
    } else {
      startable.add(sameKey.element());
    }
  }

  /** How many elements run or are suspended. */
  int running() {
    return running;
  }
}
