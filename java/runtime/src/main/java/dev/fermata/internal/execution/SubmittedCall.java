// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import dev.fermata.SuspendingFuture;
import dev.fermata.internal.bridge.Verdict;

/**
 * A call that its action does not wait for, as a future. To native code it is a context of its own,
 * whose one slice never ends and whose one wait is for the call: so what ends the call (a value, an
 * error, the deadline, a cancellation, close, a fault of the boundary) tells of it once, by {@link
 * Upcalls#notifyContext}.
 *
 * <p>Begun on the action's thread, or by any where it has none; ends on any thread, at the latest
 * when its action does. The thread that ends it completes the future.
 */
final class SubmittedCall<T> extends SuspendingFuture<T> implements SlotTable.Slotted {
  private final Call<T> call;
  private final Engine engine;
  private final Upcalls upcalls;
  private volatile long id = -1;

  /** Until the call is over. */
  private volatile ActionState action;

  /**
   * @param action ends the call with itself; {@code null} for a call of no action
   */
  SubmittedCall(Call<T> call, ActionState action, Engine engine, Upcalls upcalls) {
    this.call = call;
    this.action = action;
    this.engine = engine;
    this.upcalls = upcalls;
  }

  @Override
  public long id() {
    return id;
  }

  long createdNanos() {
    return call.createdNanos();
  }

  /** Makes the context that the call belongs to; the call is reserved next. */
  void begin() {
    id = engine.createContext(true);
    if (action != null) {
      action.addSubmitted(this);
    }
    upcalls.submitted.put(this);
    engine.beginSlice(id);
    engine.armWait(id, 1);
  }

  /** Ends the call if it is open, as cancelled, and interrupts its supplier. */
  void end() {
    engine.cancelCall(call.id());
  }

  /** Takes back what {@link #begin} and a submission that was refused have left. */
  void discard() {
    engine.discard(call.id());
    forget();
  }

  /** Completes the future if the call is done. Whoever finds it done first does. */
  void settle() {
    int outcome = engine.take(call.id());
    if (outcome == Verdict.OUTCOME_OPEN) {
      return;
    }
    forget();
    if (outcome != Verdict.OUTCOME_VALUE && outcome != Verdict.OUTCOME_ERROR) {
      upcalls.abandon(call);
    }
    Throwable failure = call.failure(outcome);
    if (failure == null) {
      complete(call.value());
    } else {
      completeExceptionally(failure);
    }
  }

  private void forget() {
    if (id != -1) {
      ActionState owner = action;
      if (owner != null) {
        owner.removeSubmitted(this);
        action = null;
      }
      if (upcalls.calls.get(call.id()) == call) {
        upcalls.calls.remove(call);
      }
      upcalls.submitted.remove(this);
      engine.releaseContext(id);
    }
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    end();
    return cancelled;
  }
}
