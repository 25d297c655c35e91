// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

/**
 * The code of a durable action. It may run several times, until it has returned once: each time it
 * has to do the same, given what its context answers. Whatever differs from run to run (calls to
 * the outside, time, chance) it asks the context for.
 *
 * @param <R> type of the result
 */
@FunctionalInterface
public interface DurableBody<R> {
  /**
   * Runs the action.
   *
   * @param context what the action may do; valid until this returns, on this thread
   * @return the result of the action
   * @throws Exception the failure of the action, which then is not over: it can be run again
   */
  R run(DurableContext context) throws Exception;
}
