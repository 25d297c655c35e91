// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.bridge;

/**
 * What the native engine calls in Java. Given to {@link NativeEngine#create}, which keeps one
 * global reference to it until the last thread of the engine has ended (or until {@link
 * NativeEngine#destroy} if that comes first). An implementation must therefore not reach the object
 * whose {@code Cleaner} closes the engine: that object would never be collected.
 *
 * <p>No method may throw: what is thrown is logged and discarded, and counts as {@link
 * Verdict#OUTCOME_FAULT} for {@link #run}. Threads of the engine are daemons whose context class
 * loader is {@code null} unless an upcall sets it.
 */
public interface EngineUpcalls {
  /**
   * Runs the supplier of a call. On a worker thread; may block as long as the supplier does.
   *
   * @param call id of the call
   * @return {@link Verdict#OUTCOME_VALUE} or {@link Verdict#OUTCOME_ERROR}
   */
  int run(long call);

  /**
   * Contexts became ready after the last {@link NativeEngine#drainReady} had left none. Any thread,
   * also inside a downcall of the owner; must not block.
   */
  void wake();

  /**
   * A place in the queue of calls came free after a submit had found none. Any thread; must not
   * block.
   */
  void space();

  /**
   * The deadline of a running call passed; the thread that runs it should be interrupted. On the
   * timer thread; must not block.
   *
   * @param call id of the call, which may end at the same time
   */
  void expired(long call);

  /**
   * A wait is over, of a context that is resumed by unparking, or whose action still runs and may
   * wait in place. Any thread; must not block.
   *
   * @param context id of the context
   */
  void notifyContext(long context);

  /**
   * A thread of the engine is about to end. On that thread, as its last upcall.
   *
   * @param last whether the engine is closing and has no other thread left
   */
  void threadEnded(boolean last);
}
