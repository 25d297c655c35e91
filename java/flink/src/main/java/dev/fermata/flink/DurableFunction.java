// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import org.apache.flink.api.common.functions.Function;
import org.apache.flink.streaming.api.TimeDomain;
import org.apache.flink.util.Collector;

/**
 * A function over a keyed stream that may wait, written as straight-line code.
 *
 * <pre>{@code
 * (order, context, out) -> {
 *   Risk risk = context.call("risk", Risk.class, () -> riskService.rate(order)); // suspends here
 *   out.collect(new RatedOrder(order, risk));
 * }
 * }</pre>
 *
 * <p><b>One at a time per key, many keys at once.</b> The elements of one key are processed one
 * after the other, in their order. While one waits in {@link DurableContext#call}, elements of
 * other keys run: all on the task's own thread or, as if on it, one at a time. One instance serves
 * all elements of a subtask: what belongs to one element lives in local variables, what belongs to
 * a key in the context's state.
 *
 * <p><b>All or nothing.</b> State writes, timers and output take effect when the function returns,
 * none if it throws or is interrupted by a failure of the job.
 *
 * <p><b>Run again.</b> After a failure an element that was in flight is processed from its start:
 * calls that had finished by the last checkpoint return what they returned, without being made. So
 * between two runs the function must ask for the same calls in the same order: what it does may
 * depend on its element, on keyed state, on results of calls, on {@link
 * DurableContext#currentTimeMillis} and {@link DurableContext#random}, not on other clocks, random
 * numbers or fields that change.
 *
 * <p>A function may also implement {@link org.apache.flink.api.common.functions.RichFunction}, for
 * {@code open} and {@code close}; keyed state is reached through the context alone.
 *
 * @param <K> type of the keys
 * @param <IN> type of the elements
 * @param <OUT> type of the output
 */
@FunctionalInterface
public interface DurableFunction<K, IN, OUT> extends Function {
  /**
   * Processes one element.
   *
   * @param value the element: a copy, the function may change it
   * @param context what the function may wait for, its state and timers; valid until it returns
   * @param out takes the output, which must not be changed afterwards; it carries the element's
   *     timestamp
   * @throws Exception fails the task, with the element's key in the message; but see {@link
   *     DurableOptions#deadLetters}
   */
  void process(IN value, DurableContext<K> context, Collector<OUT> out) throws Exception;

  /**
   * Is called when a timer of the key is due. It is an element like others: it waits for those of
   * its key that are in progress, and may wait itself.
   *
   * <p>A timer in event time fires when each element that came before the watermark is done.
   * Elements of its key that came after the watermark may have been processed already.
   *
   * @param timestamp when the timer was due, in milliseconds since the epoch
   * @param domain whether that is event time or processing time
   * @param context as for {@link #process}
   * @param out takes the output; it carries the timestamp of a timer in event time, and none for
   *     processing time
   * @throws Exception fails the task, with the key in the message
   */
  default void onTimer(
      long timestamp, TimeDomain domain, DurableContext<K> context, Collector<OUT> out)
      throws Exception {
    throw new UnsupportedOperationException(
        getClass().getName() + " registers timers but does not implement onTimer");
  }

  /**
   * Returns a number to be changed together with the order of the calls, so that elements in flight
   * under the old order are recognised before anything runs. What becomes of them is {@link
   * FermataOptions#ON_CHANGED_CALLS}.
   *
   * @return the version of this code, 0 unless overridden
   */
  default int version() {
    return 0;
  }
}
