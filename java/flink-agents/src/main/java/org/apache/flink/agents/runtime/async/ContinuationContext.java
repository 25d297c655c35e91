// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package org.apache.flink.agents.runtime.async;

import dev.fermata.flink.agents.ActionContext;

/**
 * The identity of one action of Flink Agents over its slices, under the name by which its operator
 * knows it. The accessors that upstream's class has on Java 21 are absent: they are how its own
 * executor keeps its own state, and nothing else calls them.
 */
public class ContinuationContext extends ActionContext {
  /** Creates a context without an action. */
  public ContinuationContext() {}
}
