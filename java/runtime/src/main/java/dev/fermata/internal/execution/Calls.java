// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.SuspendingFuture;
import dev.fermata.internal.ambient.AmbientContext;
import dev.fermata.internal.bridge.Verdict;
import dev.fermata.internal.observe.ExecutorMetrics;
import dev.fermata.internal.observe.FlightEvents;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/**
 * The suspension points: hands calls to the native engine, suspends the action until they are done
 * and collects what they left. Every slot it reserves is taken or discarded before it returns or
 * throws, but for those of {@link SubmittedCall}s. Called from inside actions; {@link #cancelAll}
 * from any thread.
 */
final class Calls {
  /** A hundred years: a wait without a deadline. */
  private static final long LONG_ENOUGH_NANOS = TimeUnit.DAYS.toNanos(36_500);

  private final Engine engine;
  private final Upcalls upcalls;
  private final ExecutorMetrics metrics;
  private final String executorName;

  Calls(Engine engine, Upcalls upcalls, ExecutorMetrics metrics, String executorName) {
    this.engine = engine;
    this.upcalls = upcalls;
    this.metrics = metrics;
    this.executorName = executorName;
  }

  <T> T call(ActionState state, Supplier<? extends T> supplier, long deadlineNanos) {
    Call<T> call = new Call<>(supplier, AmbientContext.capture(), metrics);
    engine.armWait(state.id(), 1);
    try {
      submit(state, state.id(), call, deadlineNanos);
      awaitEnd(state, CallWait.forCalls(List.of(call)));
      return call.deliver(take(call));
    } finally {
      release(state, call);
    }
  }

  <T> List<T> gather(
      ActionState state, List<? extends Supplier<? extends T>> suppliers, long deadlineNanos) {
    AmbientContext ambient = AmbientContext.capture();
    List<Call<T>> calls = new ArrayList<>(suppliers.size());
    for (Supplier<? extends T> supplier : suppliers) {
      calls.add(new Call<>(supplier, ambient, metrics));
    }
    engine.armWait(state.id(), calls.size());
    try {
      for (Call<T> call : calls) {
        submit(state, state.id(), call, deadlineNanos);
      }
      awaitEnd(state, CallWait.forCalls(List.copyOf(calls)));
      return collect(calls);
    } finally {
      lastToFirst(calls, call -> release(state, call));
    }
  }

  <T> CompletableFuture<T> submit(
      ActionState state, Supplier<? extends T> supplier, long deadlineNanos) {
    Call<T> call = new Call<>(supplier, AmbientContext.capture(), metrics);
    if (state.isCancelled()) {
      CompletableFuture<T> cancelled = new SuspendingFuture<>();
      cancelled.completeExceptionally(call.failure(Verdict.OUTCOME_CANCELLED));
      return cancelled;
    }
    SubmittedCall<T> submitted = new SubmittedCall<>(call, state, engine, upcalls);
    try {
      submitted.begin();
      submit(state, submitted.id(), call, deadlineNanos);
    } catch (IllegalStateException refused) {
      submitted.discard();
      throw abortOr(state, refused);
    } catch (FermataException refused) {
      if (refused.kind() == ErrorKind.UNKNOWN_CALL && state.isCancelled()) {
        // Ended before it was queued.
        return submitted;
      }
      submitted.discard();
      throw refused;
    } catch (Throwable refused) {
      submitted.discard();
      throw refused;
    }
    if (state.isCancelled()) {
      submitted.end();
    }
    return submitted;
  }

  /**
   * Hands a call of no action to a worker; ends at the latest when the execution is closed.
   *
   * @throws FermataException of kind {@link ErrorKind#QUEUE_FULL} in place of waiting
   */
  <T> CompletableFuture<T> submit(Supplier<? extends T> supplier, long deadlineNanos) {
    Call<T> call = new Call<>(supplier, AmbientContext.capture(), metrics);
    SubmittedCall<T> submitted = new SubmittedCall<>(call, null, engine, upcalls);
    boolean taken = false;
    try {
      submitted.begin();
      call.id(engine.reserve(submitted.id()));
      upcalls.calls.put(call);
      taken = engine.submit(call.id(), deadlineNanos);
    } finally {
      if (!taken) {
        submitted.discard();
      }
    }
    if (!taken) {
      metrics.callBackpressured();
      throw call.queueFull();
    }
    return submitted;
  }

  void sleep(ActionState state, long nanos) {
    CallWait wait = CallWait.forSleep(nanos);
    int outcome = awaitWithoutWorker(state, wait, slot -> engine.sleep(slot, nanos));
    if (outcome != Verdict.OUTCOME_VALUE) {
      metrics.callFailed();
      throw new FermataException(
          ErrorKind.BOUNDARY,
          "The timer could not be started for " + wait + "; the log has the cause");
    }
    metrics.callCompleted();
  }

  <T> T await(ActionState state, CompletableFuture<? extends T> stage, long deadlineNanos) {
    Call<T> call = new Call<>(new StageResult<>(stage), AmbientContext.capture(), metrics);
    int outcome;
    try (StageEnd end = new StageEnd(stage)) {
      outcome =
          awaitWithoutWorker(
              state,
              CallWait.forStage(),
              slot -> {
                engine.leaveOutside(slot, deadlineNanos);
                end.future().thenRun(() -> engine.arrive(slot));
              });
    }
    return call.deliver(outcome == Verdict.OUTCOME_VALUE ? call.run() : outcome);
  }

  /** Waits for the one slot that {@code begin} hands to what will end it; returns how it ended. */
  private int awaitWithoutWorker(ActionState state, CallWait wait, LongConsumer begin) {
    engine.armWait(state.id(), 1);
    try {
      long slot = engine.reserve(state.id());
      try {
        begin.accept(slot);
        awaitEnd(state, wait);
        return engine.take(slot);
      } finally {
        engine.discard(slot);
      }
    } catch (IllegalStateException refused) {
      throw abortOr(state, refused);
    }
  }

  /** Ends the calls of a wait, or of none ({@code null}), and interrupts those that run. */
  void cancelAll(CallWait wait) {
    if (wait != null) {
      lastToFirst(
          wait.calls(),
          call -> {
            if (engine.cancelCall(call.id()) == Verdict.CANCEL_RUNNING) {
              call.interrupt();
            }
          });
    }
    upcalls.spaceWaiters.wakeAll();
  }

  /**
   * Calls begin in their order: a worker that is interrupted must not find the next still waiting.
   */
  private static <C extends Call<?>> void lastToFirst(List<C> calls, Consumer<C> visitor) {
    for (int i = calls.size() - 1; i >= 0; i--) {
      visitor.accept(calls.get(i));
    }
  }

  /** Hands a call of the action to a worker, as part of what the native context waits for. */
  private void submit(ActionState state, long context, Call<?> call, long deadlineNanos) {
    try {
      call.id(engine.reserve(context));
      upcalls.calls.put(call);
      if (!engine.submit(call.id(), deadlineNanos)) {
        submitUnderBackpressure(state, call, deadlineNanos);
      }
    } catch (IllegalStateException refused) {
      throw abortOr(state, refused);
    }
  }

  /** The engine may begin to close after the action was let in: for the action that is an abort. */
  private IllegalStateException abortOr(ActionState state, IllegalStateException refused) {
    if (engine.waitStatus(state.id()) == Verdict.WAIT_ABORTED) {
      throw Call.aborted("The action");
    }
    return refused;
  }

  private void submitUnderBackpressure(ActionState state, Call<?> call, long deadlineNanos) {
    metrics.callBackpressured();
    boolean bounded = deadlineNanos > 0;
    long end = System.nanoTime() + (bounded ? deadlineNanos : LONG_ENOUGH_NANOS);
    boolean submitted =
        upcalls.spaceWaiters.retry(
            () ->
                isEnded(state)
                    || engine.submit(call.id(), bounded ? Math.max(1, end - System.nanoTime()) : 0),
            end);
    if (submitted) {
      return;
    }
    if (Thread.currentThread().isInterrupted()) {
      throw Call.cancelled(call.describe() + ", interrupted while the queue of calls was full,");
    }
    throw call.timedOut();
  }

  private boolean isEnded(ActionState state) {
    int status = engine.waitStatus(state.id());
    return status == Verdict.WAIT_CANCELLED || status == Verdict.WAIT_ABORTED;
  }

  /** Returns when the wait is satisfied; throws if it was ended before, without taking anything. */
  private void awaitEnd(ActionState state, CallWait wait) {
    int status = engine.waitStatus(state.id());
    if (status == Verdict.WAIT_PENDING) {
      status = suspendUntilOver(state, wait);
    }
    if (status == Verdict.WAIT_ABORTED) {
      throw Call.aborted("The action, waiting for " + wait + ",");
    }
    if (status == Verdict.WAIT_CANCELLED) {
      throw Call.cancelled("The action, waiting for " + wait + ",");
    }
  }

  private int suspendUntilOver(ActionState state, CallWait wait) {
    metrics.actionSuspended();
    FlightEvents.Interval recorded = FlightEvents.suspend(executorName, state.bodyType, wait);
    state.currentWait(wait);
    try {
      int status;
      do {
        if (!state.action().suspend()) {
          awaitInPlace(state);
        }
        status = engine.waitStatus(state.id());
      } while (status == Verdict.WAIT_PENDING);
      return status;
    } finally {
      state.action().resumed();
      state.currentWait(null);
      metrics.waited(wait.ageNanos());
      recorded.end("resumed");
    }
  }

  /** Blocks the thread: the strategy refused to suspend after the calls had been handed over. */
  private void awaitInPlace(ActionState state) {
    boolean interrupted = false;
    state.inPlaceWaiter(Thread.currentThread());
    try {
      while (engine.waitStatus(state.id()) == Verdict.WAIT_PENDING) {
        LockSupport.park(this);
        interrupted |= Thread.interrupted();
      }
    } finally {
      state.inPlaceWaiter(null);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Takes what is done: all, or what there was when the first failed. */
  private <T> List<T> collect(List<Call<T>> calls) {
    List<T> values = new ArrayList<>(calls.size());
    Throwable failure = null;
    for (Call<T> call : calls) {
      int outcome = take(call);
      if (outcome == Verdict.OUTCOME_OPEN) {
        continue;
      }
      try {
        values.add(call.deliver(outcome));
      } catch (Throwable thrown) {
        if (failure == null) {
          failure = thrown;
        } else if (failure != thrown) {
          failure.addSuppressed(thrown);
        }
      }
    }
    if (failure != null) {
      throw CallSite.<RuntimeException>unchecked(failure);
    }
    return values;
  }

  /** Takes the call's outcome out of its slot, if it has one. */
  private int take(Call<?> call) {
    int outcome = engine.take(call.id());
    if (outcome != Verdict.OUTCOME_OPEN) {
      upcalls.calls.remove(call);
    }
    if (outcome == Verdict.OUTCOME_TIMED_OUT) {
      // The timer's own upcall looks the call up, and comes too late once it is removed here.
      upcalls.abandon(call);
    }
    return outcome;
  }

  private void release(ActionState state, Call<?> call) {
    if (upcalls.calls.get(call.id()) == call) {
      upcalls.calls.remove(call);
      engine.discard(call.id());
      upcalls.abandon(call);
      if (engine.waitStatus(state.id()) == Verdict.WAIT_ABORTED) {
        metrics.callAborted();
      } else {
        metrics.callCancelled();
      }
    }
  }
}
