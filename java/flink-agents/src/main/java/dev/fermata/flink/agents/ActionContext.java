// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import dev.fermata.ContinuationContext;
import java.util.List;

/**
 * One action of an agent over its slices, and what belongs to it alone of the state that the
 * operator shares between its actions. Without a task until its action begins; all fields are the
 * mailbox thread's.
 */
public class ActionContext extends ContinuationContext {
  /** The task that began the action; null where the caller is not the operator. */
  AgentTask task;

  boolean suspended;

  /** Events that the action sent before it was suspended. */
  List<Object> pendingEvents = List.of();

  /** Upstream's memory of the action: writes that are not yet in Flink's state. */
  Object memory;

  /** Upstream's record of the action's calls; null without an action state store. */
  Object durableCalls;

  /** Creates a context without an action. */
  protected ActionContext() {}
}
