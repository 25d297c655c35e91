// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import dev.fermata.internal.ambient.AmbientContext;
import dev.fermata.internal.bridge.Verdict;
import dev.fermata.internal.observe.ExecutorMetrics;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * A call that runs on the action's own thread, because the action cannot be suspended where it
 * stands. Deadline, cancellation and abort interrupt that thread; whichever end comes first counts.
 *
 * <p>Lives for one {@link #run}; {@link #end} may be called by any thread.
 */
final class InPlaceCall<T> {
  private final Call<T> call;
  private final AtomicInteger outcome = new AtomicInteger(Verdict.OUTCOME_OPEN);

  private InPlaceCall(Supplier<? extends T> supplier, ExecutorMetrics metrics) {
    call = new Call<>(supplier, AmbientContext.capture(), metrics);
  }

  /**
   * Runs the supplier and returns its value or throws how it ended.
   *
   * @param deadlineNanos 0 for none
   */
  static <T> T run(
      ActionState state,
      Supplier<? extends T> supplier,
      long deadlineNanos,
      ExecutorMetrics metrics) {
    InPlaceCall<T> inPlace = new InPlaceCall<>(supplier, metrics);
    InPlaceCall<?> outer = state.inPlaceCall();
    state.inPlaceCall(inPlace);
    try {
      return inPlace.run(state, deadlineNanos);
    } finally {
      state.inPlaceCall(outer);
    }
  }

  private T run(ActionState state, long deadlineNanos) {
    Future<?> deadline =
        deadlineNanos > 0
            ? InPlaceDeadlines.schedule(() -> end(Verdict.OUTCOME_TIMED_OUT), deadlineNanos)
            : null;
    int ended = state.ended();
    if (ended != Verdict.OUTCOME_OPEN) {
      outcome.set(ended);
    } else {
      outcome.compareAndSet(Verdict.OUTCOME_OPEN, call.run());
    }
    if (deadline != null) {
      deadline.cancel(false);
    }
    return call.deliver(outcome.get());
  }

  /** Ends the call with this outcome if it is still open, and interrupts its supplier. */
  void end(int how) {
    if (outcome.compareAndSet(Verdict.OUTCOME_OPEN, how)) {
      call.interrupt();
    }
  }
}
