// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The suspended actions of one operator by key, and which of them are ready to go on. Used on the
 * mailbox thread alone.
 */
final class ActionsInFlight {
  private final Map<Object, List<ActionContext>> suspended = new HashMap<>();
  private final Set<ActionContext> ready = new HashSet<>();

  /** Notes that an action is suspended, also if it has been before. */
  void suspended(ActionContext context) {
    if (!context.suspended) {
      context.suspended = true;
      suspended.computeIfAbsent(key(context), none -> new ArrayList<>(1)).add(context);
    }
  }

  /** Notes that an action has ended, also if it was never suspended. */
  void ended(ActionContext context) {
    ready.remove(context);
    if (context.suspended) {
      context.suspended = false;
      List<ActionContext> ofKey = suspended.get(key(context));
      ofKey.remove(context);
      if (ofKey.isEmpty()) {
        suspended.remove(key(context));
      }
    }
    context.task = null;
  }

  /** Notes that a suspended action can go on. */
  void ready(ActionContext context) {
    if (context.suspended) {
      ready.add(context);
    }
  }

  /** Whether an action was noted as ready; it no longer is. */
  boolean takeReady(ActionContext context) {
    return ready.remove(context);
  }

  boolean anyReady() {
    return !ready.isEmpty();
  }

  /** Finds the suspended action of a task, or null. */
  ActionContext find(AgentTask task) {
    for (ActionContext context : suspended.getOrDefault(task.key(), List.of())) {
      if (task.equals(context.task)) {
        return context;
      }
    }
    return null;
  }

  /** How many actions of a key are suspended; 0 if one of them can go on. */
  int waiting(Object key) {
    List<ActionContext> ofKey = suspended.getOrDefault(key, List.of());
    return ofKey.stream().anyMatch(ready::contains) ? 0 : ofKey.size();
  }

  private static Object key(ActionContext context) {
    return context.task == null ? null : context.task.key();
  }
}
