// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.bridge;

/**
 * The codes that {@link NativeEngine} returns and that {@link EngineUpcalls#run} gives back: the
 * discriminants of the enums of the native engine.
 */
public final class Verdict {
  /** {@link NativeEngine#beginSlice}: the first slice of an action begins. */
  public static final int BEGIN_START = 0;

  /** {@link NativeEngine#beginSlice}: the suspended action goes on. */
  public static final int BEGIN_RESUME = 1;

  /** {@link NativeEngine#beginSlice}: the action is suspended and its wait is not over. */
  public static final int BEGIN_NOT_READY = 2;

  /** {@link NativeEngine#endSlice}: the action is suspended now. */
  public static final int END_SUSPENDED = 0;

  /** {@link NativeEngine#endSlice}: its wait ended meanwhile, so begin the next slice at once. */
  public static final int END_RESUME_NOW = 1;

  /** {@link NativeEngine#endSlice}: the action ended and the context is free for another. */
  public static final int END_FINISHED = 2;

  /** {@link NativeEngine#waitStatus}: calls of the wait are open. */
  public static final int WAIT_PENDING = 0;

  /** {@link NativeEngine#waitStatus}: all calls are done, or one failed. */
  public static final int WAIT_SATISFIED = 1;

  /** {@link NativeEngine#waitStatus}: the context was cancelled. */
  public static final int WAIT_CANCELLED = 2;

  /** {@link NativeEngine#waitStatus}: the engine is closing. */
  public static final int WAIT_ABORTED = 3;

  /** {@link NativeEngine#cancelCall}: the call was done already or is unknown. */
  public static final int CANCEL_IGNORED = 0;

  /** {@link NativeEngine#cancelCall}: the call had not begun to run and never will. */
  public static final int CANCEL_DEQUEUED = 1;

  /** {@link NativeEngine#cancelCall}: a worker runs the call; the caller interrupts that worker. */
  public static final int CANCEL_RUNNING = 2;

  /** {@link NativeEngine#take}: the call is not done, its slot stays in use. */
  public static final int OUTCOME_OPEN = -1;

  /** Outcome: a value. */
  public static final int OUTCOME_VALUE = 0;

  /** Outcome: the supplier threw. */
  public static final int OUTCOME_ERROR = 1;

  /** Outcome: cancelled. */
  public static final int OUTCOME_CANCELLED = 2;

  /** Outcome: the deadline passed. */
  public static final int OUTCOME_TIMED_OUT = 3;

  /** Outcome: the engine was closed. */
  public static final int OUTCOME_ABORTED = 4;

  /** Outcome: the upcall failed between Java and native code. */
  public static final int OUTCOME_FAULT = 5;

  private Verdict() {}
}
