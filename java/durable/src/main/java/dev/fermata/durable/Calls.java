// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import dev.fermata.ActionScope;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.journal.JournalRecord.CallFinished;
import dev.fermata.journal.JournalRecord.CallStarted;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * The calls that one run of an action makes: begins them, and records how they end, on the thread
 * that ends them.
 *
 * <p>Owns what is in flight until {@link #cancel}. Calls are begun by the action.
 */
final class Calls {
  private static final ThreadLocal<Calls> CURRENT = new ThreadLocal<>();

  private final ActionScope scope;
  private final ActionLog log;
  private final Outcomes outcomes;
  private final String actionId;

  /** What is in flight, and what completes when no more becomes of it. */
  private final Map<CompletableFuture<?>, CompletableFuture<?>> open = new ConcurrentHashMap<>();

  Calls(ActionScope scope, ActionLog log, Outcomes outcomes, String actionId) {
    this.scope = scope;
    this.log = log;
    this.outcomes = outcomes;
    this.actionId = actionId;
  }

  /** Whether the calling thread is inside one of these calls. */
  boolean isInside() {
    return CURRENT.get() == this;
  }

  /**
   * Hands a call to a worker.
   *
   * @param unrecorded the start of the call, if it is to be recorded with its end; else null
   */
  <T> void submit(
      DurableCall<T> call,
      CallStarted unrecorded,
      ResultType<T> type,
      CallOptions<T> options,
      Callable<? extends T> code) {
    CompletableFuture<Outcome<T>> outcome;
    try {
      outcome = submit(() -> outcomes.of(call.name(), type, code), options.deadline());
    } catch (FermataException refused) {
      if (refused.kind() != ErrorKind.TIMED_OUT) {
        throw refused;
      }
      // The queue was full for so long.
      outcome = CompletableFuture.failedFuture(refused);
    }
    track(outcome, call.end());
    record(call, unrecorded, outcome);
  }

  /** Hands the question what became of a call to a worker. */
  <T> CompletableFuture<Reconciliation<T>> ask(Reconciler<T> reconciler, Duration deadline) {
    CompletableFuture<Reconciliation<T>> answer =
        submit(
            () -> {
              try {
                return reconciler.reconcile();
              } catch (Exception unknown) {
                throw Unchecked.rethrow(unknown);
              }
            },
            deadline);
    track(answer, answer);
    return answer;
  }

  private <R> CompletableFuture<R> submit(Supplier<R> code, Duration deadline) {
    Supplier<R> inside = () -> inside(code);
    return deadline == null ? scope.submit(inside) : scope.submit(inside, deadline);
  }

  /** Begins an asynchronous call, on the calling thread. Otherwise as {@link #submit}. */
  <T> void begin(
      DurableCall<T> call,
      CallStarted unrecorded,
      ResultType<T> type,
      CallOptions<T> options,
      Supplier<? extends CompletionStage<? extends T>> code) {
    CompletableFuture<Outcome<T>> outcome = new CompletableFuture<>();
    track(outcome, call.end());
    record(call, unrecorded, outcome);
    try {
      CompletableFuture<? extends T> stage = inside(code).toCompletableFuture();
      if (options.deadline() != null) {
        call.deadline(new Deadline(options.deadline(), () -> expire(outcome)));
      }
      stage.whenComplete((value, failure) -> complete(outcome, call, type, value, failure));
      outcome.whenComplete((end, failure) -> cancelIf(failure != null, stage));
    } catch (RuntimeException thrown) {
      outcome.complete(outcomes.threw(thrown));
    }
  }

  /** The call ended by its deadline, or with its action: nobody waits for the stage any more. */
  private static void cancelIf(boolean abandoned, CompletableFuture<?> stage) {
    if (abandoned) {
      stage.cancel(true);
    }
  }

  private static void expire(CompletableFuture<?> outcome) {
    outcome.completeExceptionally(
        new FermataException(ErrorKind.TIMED_OUT, "The deadline of the stage passed"));
  }

  private <T> void complete(
      CompletableFuture<Outcome<T>> outcome,
      DurableCall<T> call,
      ResultType<T> type,
      T value,
      Throwable failure) {
    try {
      if (failure == null) {
        outcome.complete(outcomes.returned(call.name(), type, value));
      } else if (cause(failure) instanceof Exception) {
        outcome.complete(outcomes.threw((Exception) cause(failure)));
      } else {
        outcome.completeExceptionally(failure);
      }
    } catch (Throwable unexpected) {
      outcome.completeExceptionally(unexpected);
    }
  }

  private <T> void record(
      DurableCall<T> call, CallStarted unrecorded, CompletableFuture<Outcome<T>> end) {
    end.whenComplete(
        (outcome, failure) ->
            endIfThrows(
                call,
                () -> {
                  if (failure == null) {
                    record(call, unrecorded, outcome);
                  } else if (isTimeout(cause(failure))) {
                    record(call, unrecorded, outcomes.threw(timedOut(call)));
                  } else if (end.isCancelled()) {
                    record(call, unrecorded, outcomes.threw(leftOpen(call)));
                  } else {
                    call.endUnrecorded(cause(failure));
                  }
                }));
  }

  /** Records how a call ended. Any thread; never blocks. */
  <T> void record(DurableCall<T> call, CallStarted unrecorded, Outcome<? extends T> outcome) {
    CallFinished record = outcome.record(actionId, call.place());
    CompletableFuture<Void> end =
        outcome.canBeShortened()
            ? log.appendIfItFits(unrecorded, record)
            : log.append(unrecorded, record);
    end.whenComplete(
        (acknowledged, failure) ->
            endIfThrows(
                call,
                () -> {
                  if (failure == null) {
                    call.end(outcome);
                  } else if (outcome.canBeShortened() && ActionLog.isTooLarge(failure)) {
                    record(call, null, outcomes.shortened(call.name(), outcome, failure));
                  } else {
                    call.endUnrecorded(cause(failure));
                  }
                }));
  }

  /** A stage swallows what its dependents throw: without an end the action would wait for ever. */
  private static void endIfThrows(DurableCall<?> call, Runnable dependent) {
    try {
      dependent.run();
    } catch (Throwable unexpected) {
      call.endUnrecorded(unexpected);
    }
  }

  /** By the executor or by this class: what the call itself threw is inside of an outcome. */
  private static boolean isTimeout(Throwable failure) {
    return failure instanceof FermataException
        && ((FermataException) failure).kind() == ErrorKind.TIMED_OUT;
  }

  private static CallTimedOutException timedOut(DurableCall<?> call) {
    return new CallTimedOutException("The deadline passed of " + call);
  }

  private static CancellationException leftOpen(DurableCall<?> call) {
    return new CancellationException("The action ended without waiting for " + call);
  }

  private static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  private void track(CompletableFuture<?> inFlight, CompletableFuture<?> end) {
    open.put(inFlight, end);
    end.whenComplete((value, failure) -> open.remove(inFlight));
  }

  private <R> R inside(Supplier<R> code) {
    Calls outer = CURRENT.get();
    CURRENT.set(this);
    try {
      return code.get();
    } finally {
      if (outer == null) {
        CURRENT.remove();
      } else {
        CURRENT.set(outer);
      }
    }
  }

  /**
   * Cancels what is in flight. That is an outcome, and recorded unless the log has ended.
   *
   * @return completes, never exceptionally, when all calls have ended
   */
  CompletableFuture<Void> cancel() {
    CompletableFuture<Void> ended =
        CompletableFuture.allOf(open.values().toArray(CompletableFuture<?>[]::new));
    open.keySet().forEach(inFlight -> inFlight.cancel(true));
    return ended.handle((done, failure) -> null);
  }
}
