// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

/**
 * Finds out what became of a call that an earlier run of its action began: the process ended before
 * the outcome was recorded, so the call may have happened or not.
 *
 * <pre>{@code
 * CallOptions.<Receipt>create()
 *     .reconciler(
 *         () ->
 *             payments
 *                 .find(orderId)
 *                 .map(Reconciliation::happened)
 *                 .orElseGet(Reconciliation::didNotHappen));
 * }</pre>
 *
 * @param <T> type of the call's result
 */
@FunctionalInterface
public interface Reconciler<T> {
  /**
   * Asks the other side. Runs where the call would: blocking code on a worker, without access to
   * the context.
   *
   * @return what became of the call
   * @throws Exception if that cannot be found out now: the action ends with this exception, and
   *     asks again when it is run again
   */
  Reconciliation<T> reconcile() throws Exception;
}
