// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

import dev.fermata.internal.execution.ActionState;

/**
 * The identity of one action over its slices: hand the same context to {@link
 * ContinuationActionExecutor#executeAction} until that returns {@code true}, and to the calls that
 * the action makes.
 *
 * <p>Holds the action while it runs or is suspended, and nothing before and after: it may then be
 * used for another action, on any executor. Made by any thread; one action at a time uses it.
 */
public class ContinuationContext {
  // The state keeps the reference and does nothing with it until the context is used.
  @SuppressWarnings("this-escape")
  private final ActionState state = new ActionState(this);

  /** Runs the action that runs now, or ran last; set by the owner, read by the action. */
  private ContinuationActionExecutor executor;

  /** Creates a context without an action. */
  public ContinuationContext() {}

  final ActionState state() {
    return state;
  }

  final ContinuationActionExecutor executor() {
    return executor;
  }

  final void executor(ContinuationActionExecutor next) {
    executor = next;
  }
}
