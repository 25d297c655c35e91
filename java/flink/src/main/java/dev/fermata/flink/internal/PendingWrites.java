// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What one element will change in keyed state and timers. Nothing of it is visible to others before
 * {@link #apply}.
 */
final class PendingWrites {
  /** A change that is applied to the backend under the element's key. */
  interface Write {
    void apply() throws Exception;
  }

  private final Map<String, Write> states = new LinkedHashMap<>();
  private final List<Write> timers = new ArrayList<>();

  /** Returns the element's view of a state, made at its first use. */
  <S extends Write> S state(String name, Class<S> type, Supplier<S> view) {
    return type.cast(states.computeIfAbsent(name, unused -> view.get()));
  }

  void timer(Write change) {
    timers.add(change);
  }

  /** Applies everything; the backend's current key is the element's. */
  void apply() throws Exception {
    for (Write state : states.values()) {
      state.apply();
    }
    for (Write timer : timers) {
      timer.apply();
    }
    clear();
  }

  void clear() {
    states.clear();
    timers.clear();
  }
}
