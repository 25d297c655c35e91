// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

import dev.fermata.FermataExecutorMXBean.SuspendedAction;
import java.util.List;

/**
 * What an executor shows of itself while it lives. Implemented by the executor's core; called from
 * any thread, also while and after it closes; must not wait for the owner or an action.
 */
public interface ExecutorView {
  /** Returns its gauges now. */
  Gauges gauges();

  /** Returns up to {@code max} actions that are suspended now, the oldest first. */
  List<SuspendedAction> suspendedActions(int max);
}
