// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import dev.fermata.internal.strategy.SuspendableAction;
import java.util.concurrent.CompletableFuture;

/**
 * The action whose code the calling thread runs, for code that is not handed its context. Set while
 * such code runs, on the thread that runs it; workers, which run the suppliers of calls, have none.
 */
public final class CurrentAction {
  private static final ThreadLocal<ActionState> CURRENT = new ThreadLocal<>();

  private CurrentAction() {}

  /** Whether the calling thread runs the code of an action. */
  public static boolean isPresent() {
    return current() != null;
  }

  /** Whether that action was cancelled. */
  public static boolean isCancelled() {
    ActionState state = current();
    return state != null && state.isCancelled();
  }

  /** The public context of that action, or {@code null}. */
  public static Object context() {
    ActionState state = current();
    return state == null ? null : state.context();
  }

  /**
   * Suspends the action until the stage completes.
   *
   * @return what the stage completed with
   * @throws RuntimeException what the stage failed with, checked or not, the same object
   * @throws dev.fermata.FermataException if the action was cancelled
   * @throws dev.fermata.ActionAbortedError if its executor is closed
   * @throws IllegalStateException if there is no action
   */
  public static <T> T await(CompletableFuture<? extends T> stage) {
    return await(stage, 0);
  }

  /** As {@link #await(CompletableFuture)} with a deadline; 0 is none. */
  public static <T> T await(CompletableFuture<? extends T> stage, long deadlineNanos) {
    ActionState state = current();
    if (state == null) {
      throw Closing.outside();
    }
    return state.execution().await(state, stage, deadlineNanos);
  }

  /** Not that of an action whose code resumed a continuation that runs now. */
  private static ActionState current() {
    ActionState state = CURRENT.get();
    if (state == null) {
      return null;
    }
    SuspendableAction action = state.action();
    return action == null || action.isCurrent() ? state : null;
  }

  /** From here on the calling thread runs this action; returns the one that it is nested in. */
  static ActionState enter(ActionState state) {
    ActionState outer = CURRENT.get();
    CURRENT.set(state);
    return outer;
  }

  /** Ends what {@link #enter} began; takes what it returned. */
  static void exit(ActionState outer) {
    if (outer == null) {
      CURRENT.remove();
    } else {
      CURRENT.set(outer);
    }
  }
}
