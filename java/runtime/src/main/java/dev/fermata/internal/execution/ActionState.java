// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import dev.fermata.internal.ambient.AmbientContext;
import dev.fermata.internal.bridge.Verdict;
import dev.fermata.internal.observe.SuspendedActionView;
import dev.fermata.internal.strategy.SuspendableAction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * What a {@code ContinuationContext} carries: the action that runs under it now, if any.
 *
 * <p>Idle until {@code executeAction} binds it to an execution, idle again when the action has
 * ended; then it may be used anew. Fields without a modifier are touched only by the thread that
 * runs the action's slice or drives it; whoever cancels, closes or dumps reads the volatile ones.
 */
public final class ActionState implements SlotTable.Slotted {
  private final Object context;
  private final AtomicReference<ActionExecution> execution = new AtomicReference<>();

  private volatile long id = -1;
  private volatile SuspendableAction action;
  private volatile CallWait wait;
  private volatile InPlaceCall<?> inPlaceCall;
  private volatile Thread inPlaceWaiter;
  private volatile int ended = Verdict.OUTCOME_OPEN;

  /** Made with the first submitted call, for most actions have none. */
  private volatile Set<SubmittedCall<?>> submitted;

  AmbientContext ambient;
  Throwable failure;
  volatile Class<?> bodyType;

  /**
   * Creates an idle state.
   *
   * @param context the public context that this state belongs to
   */
  public ActionState(Object context) {
    this.context = context;
  }

  /** Returns the public context that this state belongs to. */
  public Object context() {
    return context;
  }

  @Override
  public long id() {
    return id;
  }

  /** Takes the context for one action; false if an action has it already. */
  boolean bind(ActionExecution by) {
    if (!execution.compareAndSet(null, by)) {
      return false;
    }
    // Set perhaps by a cancel that raced with the end of the action before.
    ended = Verdict.OUTCOME_OPEN;
    return true;
  }

  /** Whether the context has no action. */
  public boolean isIdle() {
    return execution.get() == null;
  }

  /** Who runs the action of this context, or null. */
  ActionExecution execution() {
    return execution.get();
  }

  boolean isBoundTo(ActionExecution by) {
    return execution.get() == by;
  }

  void begin(long contextId, SuspendableAction started) {
    id = contextId;
    action = started;
  }

  /** Forgets the action that ended, so that the context can be used again. */
  void unbind() {
    action = null;
    wait = null;
    inPlaceCall = null;
    ambient = null;
    failure = null;
    bodyType = null;
    id = -1;
    execution.set(null);
  }

  SuspendableAction action() {
    return action;
  }

  /** What the action waits for, or null. */
  CallWait currentWait() {
    return wait;
  }

  void currentWait(CallWait current) {
    wait = current;
  }

  InPlaceCall<?> inPlaceCall() {
    return inPlaceCall;
  }

  void inPlaceCall(InPlaceCall<?> call) {
    inPlaceCall = call;
  }

  /** Ends the call that runs in place, if one does. Any thread. */
  void endInPlaceCall(int outcome) {
    InPlaceCall<?> call = inPlaceCall;
    if (call != null) {
      call.end(outcome);
    }
  }

  /** The action goes on while this call is open. */
  void addSubmitted(SubmittedCall<?> call) {
    if (submitted == null) {
      submitted = ConcurrentHashMap.newKeySet();
    }
    submitted.add(call);
  }

  void removeSubmitted(SubmittedCall<?> call) {
    submitted.remove(call);
  }

  /**
   * Ends the submitted calls that are open. Any thread. They began in their order: a worker that is
   * interrupted must not find the next still waiting.
   */
  void endSubmitted() {
    Set<SubmittedCall<?>> open = submitted;
    if (open != null) {
      List<SubmittedCall<?>> calls = new ArrayList<>(open);
      calls.sort(
          Comparator.<SubmittedCall<?>>comparingLong(SubmittedCall::createdNanos).reversed());
      calls.forEach(SubmittedCall::end);
    }
  }

  boolean isCancelled() {
    return ended == Verdict.OUTCOME_CANCELLED;
  }

  /** How calls in place end before they begin, or {@link Verdict#OUTCOME_OPEN}. */
  int ended() {
    return ended;
  }

  /**
   * Cancels or aborts the action: sticky until it is over. To be said before the call in place is
   * ended, for the next one looks here. Native code knows it by itself where there is an engine.
   */
  void markEnded(int outcome) {
    ended = outcome;
  }

  /**
   * Names the thread that blocks in place until the action's wait is over; null when it goes on.
   */
  void inPlaceWaiter(Thread thread) {
    inPlaceWaiter = thread;
  }

  /** A picture of the action if it is suspended now, else null. */
  SuspendedActionView view() {
    CallWait current = wait;
    SuspendableAction suspended = action;
    Class<?> type = bodyType;
    return current == null || suspended == null || type == null
        ? null
        : new SuspendedActionView(
            type.getName() + "#" + id, current.toString(), current.ageNanos(), suspended.stack());
  }

  /** Tells the action that its wait is over, however it waits. Any thread; never blocks. */
  void wake() {
    SuspendableAction current = action;
    if (current != null) {
      current.wake();
    }
    LockSupport.unpark(inPlaceWaiter);
  }
}
