// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import java.util.Objects;

/**
 * Which action for which event of which key. Unlike upstream's task it is equal to what comes back
 * from Flink's state, whatever type of event it is for: events are told apart by their ids.
 */
final class AgentTask {
  private final Object key;
  private final String action;
  private final Object eventId;

  AgentTask(Object key, String action, Object eventId) {
    this.key = key;
    this.action = action;
    this.eventId = eventId;
  }

  Object key() {
    return key;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AgentTask
        && action.equals(((AgentTask) other).action)
        && eventId.equals(((AgentTask) other).eventId)
        && Objects.equals(key, ((AgentTask) other).key);
  }

  @Override
  public int hashCode() {
    return Objects.hash(key, action, eventId);
  }

  @Override
  public String toString() {
    return "action " + action + " for event " + eventId + " of key " + key;
  }
}
