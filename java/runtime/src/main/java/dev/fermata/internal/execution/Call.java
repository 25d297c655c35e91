// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import dev.fermata.ActionAbortedError;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.internal.ambient.AmbientContext;
import dev.fermata.internal.bridge.Verdict;
import dev.fermata.internal.observe.ExecutorMetrics;
import java.util.function.Supplier;

/**
 * One run of a supplier: what it needs (the supplier, the ambient context of its caller) and what
 * it left (a value or what it threw).
 *
 * <p>Made on the action's thread, run once on a worker or in place, read on the action's thread
 * after its completion was seen. Which outcome counts (a deadline may have passed meanwhile) is not
 * decided here but where completions are ordered: in the native slot, or in {@link InPlaceCall}.
 */
final class Call<T> implements SlotTable.Slotted {
  private static final ThreadLocal<Call<?>> CURRENT = new ThreadLocal<>();

  private final Class<?> supplierType;
  private final ExecutorMetrics metrics;
  private final long createdNanos = System.nanoTime();

  private volatile long id = -1;
  // Volatile although the native slot orders its completion before the action's read of it: the
  // Java
  // memory model knows nothing of native code.
  private volatile T value;
  private volatile Throwable error;

  /** Until it has run or never will: a future may be kept for longer than what they refer to. */
  private Supplier<? extends T> supplier;

  private AmbientContext ambient;

  private Call<?> outer;
  private Thread runner;
  private boolean interrupted;
  private boolean ended;

  Call(Supplier<? extends T> supplier, AmbientContext ambient, ExecutorMetrics metrics) {
    this.supplier = supplier;
    supplierType = supplier.getClass();
    this.ambient = ambient;
    this.metrics = metrics;
  }

  /**
   * Whether the calling thread is inside a supplier of the executor that has these metrics. A
   * supplier may own another executor, whose calls are then nested in it.
   */
  static boolean isInsideCallOf(ExecutorMetrics executor) {
    Call<?> call = CURRENT.get();
    while (call != null && call.metrics != executor) {
      call = call.outer;
    }
    return call != null;
  }

  @Override
  public long id() {
    return id;
  }

  void id(long id) {
    this.id = id;
  }

  long createdNanos() {
    return createdNanos;
  }

  Class<?> supplierType() {
    return supplierType;
  }

  /**
   * Runs the supplier on the calling thread under the caller's ambient context and keeps what it
   * returns or throws. An interrupt sent by {@link #interrupt} never outlives the run; one sent
   * before it keeps the supplier from running at all.
   *
   * @return {@link Verdict#OUTCOME_VALUE} or {@link Verdict#OUTCOME_ERROR}
   */
  int run() {
    if (!begin()) {
      return Verdict.OUTCOME_ERROR;
    }
    outer = CURRENT.get();
    AmbientContext previous = ambient.swapIn();
    CURRENT.set(this);
    try {
      value = supplier.get();
      return Verdict.OUTCOME_VALUE;
    } catch (Throwable thrown) {
      error = thrown;
      return Verdict.OUTCOME_ERROR;
    } finally {
      end();
      if (outer == null) {
        CURRENT.remove();
      } else {
        CURRENT.set(outer);
      }
      previous.swapIn();
    }
  }

  /**
   * Hands the outcome to the action, on the action's thread.
   *
   * @return the supplier's value
   * @throws FermataException if the call was cancelled, timed out or failed at the boundary
   * @throws ActionAbortedError if its executor was closed
   */
  T deliver(int outcome) {
    Throwable failure = failure(outcome);
    if (failure == null) {
      return value;
    }
    throw failure == error ? CallSite.rethrow(failure) : CallSite.unchecked(failure);
  }

  /** What the supplier returned, for a call without a {@linkplain #failure failure}. */
  T value() {
    return value;
  }

  /**
   * Counts the outcome. To be asked once, when it is decided.
   *
   * @return what the caller gets in place of a value, what the supplier threw as the same object;
   *     null for {@link Verdict#OUTCOME_VALUE}
   */
  Throwable failure(int outcome) {
    switch (outcome) {
      case Verdict.OUTCOME_VALUE:
        metrics.callCompleted();
        return null;
      case Verdict.OUTCOME_ERROR:
        metrics.callFailed();
        return error;
      case Verdict.OUTCOME_TIMED_OUT:
        metrics.callTimedOut();
        return timedOut();
      case Verdict.OUTCOME_CANCELLED:
        metrics.callCancelled();
        return cancelled(describe());
      case Verdict.OUTCOME_ABORTED:
        metrics.callAborted();
        return aborted(describe());
      default:
        metrics.callFailed();
        return new FermataException(
            ErrorKind.BOUNDARY,
            describe() + " failed between Java and native code; the log has the cause",
            error);
    }
  }

  FermataException timedOut() {
    return new FermataException(
        ErrorKind.TIMED_OUT, describe() + " did not end within its deadline", error);
  }

  FermataException queueFull() {
    return new FermataException(
        ErrorKind.QUEUE_FULL,
        describe()
            + " was not taken: the queue of calls is full; call later, or allow more threads or a"
            + " longer queue");
  }

  static FermataException cancelled(String what) {
    return new FermataException(ErrorKind.CANCELLED, what + " was cancelled");
  }

  static ActionAbortedError aborted(String what) {
    return new ActionAbortedError(what + " was aborted: its executor was closed");
  }

  /** Names the call for a message. */
  String describe() {
    return "The call of " + supplierType.getName();
  }

  /**
   * Interrupts the thread that runs the supplier or is about to; never the run after it. Only for a
   * call whose outcome is decided already.
   */
  synchronized void interrupt() {
    interrupted = true;
    if (runner == null) {
      forget();
    } else {
      runner.interrupt();
    }
  }

  /** The thread inside the supplier, or null. */
  synchronized Thread runner() {
    return runner;
  }

  /** Whether the supplier has returned or thrown. */
  synchronized boolean hasEnded() {
    return ended;
  }

  private synchronized boolean begin() {
    if (interrupted) {
      ended = true;
      return false;
    }
    runner = Thread.currentThread();
    return true;
  }

  private synchronized void end() {
    runner = null;
    ended = true;
    forget();
    if (interrupted) {
      Thread.interrupted();
    }
  }

  private void forget() {
    supplier = null;
    ambient = null;
  }
}
