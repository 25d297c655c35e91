// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package org.apache.flink.agents.runtime.async;

import dev.fermata.flink.agents.AgentActions;
import java.util.function.Supplier;

/**
 * Runs the actions of Flink Agents by Fermata, under the name by which its operator knows its
 * executor. Stands in for upstream's class wherever Fermata's jar is before upstream's on the class
 * path.
 *
 * <p>Belongs to one operator: {@link #executeAction} and {@link #close} are called on its mailbox
 * thread, {@link #executeAsync} by its actions. Owns worker threads from the first call on, until
 * it is closed.
 */
public class ContinuationActionExecutor {
  private final AgentActions actions;

  /**
   * Creates an executor without threads.
   *
   * @param numAsyncThreads most worker threads that run suppliers, at least 1
   * @throws IllegalArgumentException if it is less than 1
   */
  public ContinuationActionExecutor(int numAsyncThreads) {
    actions = new AgentActions(numAsyncThreads);
  }

  /**
   * Runs an action until it ends or waits for a call, or goes on with the waiting one.
   *
   * @param context identity of the action
   * @param action the code to run if the context has no action in progress
   * @return {@code true} if the action has ended, {@code false} if it waits
   * @throws RuntimeException whatever the action throws, the same object
   */
  public boolean executeAction(ContinuationContext context, Runnable action) {
    return actions.executeAction(context, action);
  }

  /**
   * Runs a supplier on a worker while the calling action waits.
   *
   * @param context the context of the calling action
   * @param supplier the blocking code
   * @param <T> type of the value
   * @return what the supplier returned
   * @throws RuntimeException what the supplier threw, checked or not, the same object
   * @throws dev.fermata.ActionAbortedError if the executor is closed meanwhile
   */
  public <T> T executeAsync(ContinuationContext context, Supplier<T> supplier) {
    return actions.executeAsync(context, supplier);
  }

  /** Aborts the actions that wait and ends the worker threads. Idempotent. */
  public void close() {
    actions.close();
  }

  /**
   * Tells whether actions overlap on this JVM.
   *
   * @return {@code false} where calls run in place, for want of the native library
   */
  public static boolean isContinuationSupported() {
    return dev.fermata.ContinuationActionExecutor.isContinuationSupported();
  }
}
