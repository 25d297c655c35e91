// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.bridge;

import dev.fermata.ErrorKind;
import dev.fermata.FermataException;

/**
 * All functions of the native library. They are bound when the library is loaded; before that, and
 * without it, each throws {@link UnsatisfiedLinkError}.
 *
 * <p>An <em>engine</em> is what {@link #create} returned: it stays valid until {@link #destroy},
 * also after {@link #beginClose}. {@code 0} is refused with {@link IllegalStateException}; any
 * other number that is no live engine is undefined behaviour, so nothing but its one Java owner may
 * hold it. A <em>context</em> or <em>call</em> is an index with a generation: a stale one is
 * recognised.
 *
 * <p>Every function may be called from any thread and none blocks. Errors of the engine arrive as
 * {@link FermataException#of} maps them; a panic of native code arrives as {@link FermataException}
 * of kind {@link ErrorKind#BOUNDARY}.
 */
public final class NativeEngine {
  /** Number of entries that {@link #gauges} writes. */
  public static final int GAUGES = 8;

  private NativeEngine() {}

  /**
   * Returns the version of the native library.
   *
   * @return the version of the crate, such as {@code 0.1.0}
   */
  public static native String libraryVersion();

  /**
   * Returns the error kinds of the native engine.
   *
   * @return one {@code name:retry} per kind, such as {@code QueueFull:Temporary}, with commas
   *     between
   */
  public static native String errorKinds();

  /**
   * Exports and opens a package of one module to another, as {@code --add-exports} and {@code
   * --add-opens} would.
   *
   * @param owner the module that has the package
   * @param packageName the package, with dots
   * @param to the module that may use it
   * @throws IllegalArgumentException if {@code owner} has no such package
   */
  public static native void openPackage(Module owner, String packageName, Module to);

  /**
   * Tells where HotSpot keeps the monitors that a thread holds and nobody else wants.
   *
   * @return in the low 32 bits the offset, from the address in {@code Thread.eetop}, of the 32 bits
   *     that say how far that stack is filled, and in the high 32 bits what they say when it is
   *     empty; {@code -1} if this JVM does not tell
   */
  public static native long lockStack();

  /**
   * Sets which log events of native code reach {@link LogBridge}. Initially warn.
   *
   * @param level 0 off, 1 error, 2 warn, 3 info, 4 debug, 5 trace
   * @throws IllegalArgumentException if the level is none of these
   */
  public static native void setLogLevel(int level);

  /**
   * Creates an engine. It starts no thread until the first call or timer.
   *
   * @param upcalls what the engine calls
   * @param maxWorkers most worker threads at once, at least 1
   * @param queueCapacity most calls that wait for a worker, at least 1
   * @param maxCalls most calls in use at once, at least 1
   * @param keepAliveNanos how long an idle worker waits for work before it ends, at least 0
   * @param threadName prefix of the names of the engine's threads
   * @return the engine
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static native long create(
      EngineUpcalls upcalls,
      int maxWorkers,
      int queueCapacity,
      int maxCalls,
      long keepAliveNanos,
      String threadName);

  /**
   * Creates a context.
   *
   * @param engine the engine
   * @param resumedByUnpark whether an ended wait calls {@link EngineUpcalls#notifyContext} (and
   *     {@link #unparked} makes the context ready) instead of making the context ready itself
   * @return id of the context
   */
  public static native long createContext(long engine, boolean resumedByUnpark);

  /**
   * Releases a context that is in no slice. An unknown id is ignored.
   *
   * @param engine the engine
   * @param context id of the context
   */
  public static native void releaseContext(long engine, long context);

  /**
   * Begins a slice of the context's action.
   *
   * @param engine the engine
   * @param context id of the context
   * @return {@link Verdict#BEGIN_START}, {@link Verdict#BEGIN_RESUME} or {@link
   *     Verdict#BEGIN_NOT_READY}
   * @throws IllegalStateException if the context is inside a slice, or a new action would start
   *     though the engine is closed
   */
  public static native int beginSlice(long engine, long context);

  /**
   * Ends the slice that {@link #beginSlice} began.
   *
   * @param engine the engine
   * @param context id of the context
   * @param finished whether the action ended, as opposed to being suspended
   * @return {@link Verdict#END_SUSPENDED}, {@link Verdict#END_RESUME_NOW} or {@link
   *     Verdict#END_FINISHED}
   */
  public static native int endSlice(long engine, long context, boolean finished);

  /**
   * Starts a wait of the context: the calls reserved next belong to it.
   *
   * @param engine the engine
   * @param context id of the context
   * @param calls how many calls the wait is for
   */
  public static native void armWait(long engine, long context, int calls);

  /**
   * Returns how the current wait of the context stands.
   *
   * @param engine the engine
   * @param context id of the context
   * @return {@link Verdict#WAIT_PENDING}, {@link Verdict#WAIT_SATISFIED}, {@link
   *     Verdict#WAIT_CANCELLED} or {@link Verdict#WAIT_ABORTED}; of several the last that holds
   */
  public static native int waitStatus(long engine, long context);

  /**
   * Reserves a call slot for the current wait of the context.
   *
   * @param engine the engine
   * @param context id of the context
   * @return id of the call, whose low 32 bits are the index of its slot
   * @throws FermataException of kind {@link ErrorKind#TOO_MANY_CALLS} if no slot is free
   */
  public static native long reserve(long engine, long context);

  /**
   * Queues a reserved call for a worker.
   *
   * @param engine the engine
   * @param call id of the call
   * @param deadlineNanos how long after now the call times out; none if 0 or negative
   * @return {@code false} if the queue is full: the call is still reserved and {@link
   *     EngineUpcalls#space} follows
   */
  public static native boolean submit(long engine, long call, long deadlineNanos);

  /**
   * Lets a reserved call complete with {@link Verdict#OUTCOME_VALUE} after a time, without a
   * worker.
   *
   * @param engine the engine
   * @param call id of the call
   * @param nanos the time; 0 or negative completes it at once
   */
  public static native void sleep(long engine, long call, long nanos);

  /**
   * Lets a reserved call wait for something outside of the engine, until {@link #arrive}.
   *
   * @param engine the engine
   * @param call id of the call
   * @param deadlineNanos how long after now the call times out; none if 0 or negative
   */
  public static native void leaveOutside(long engine, long call, long deadlineNanos);

  /**
   * Completes a call that waits outside with {@link Verdict#OUTCOME_VALUE}; others are left alone.
   *
   * @param engine the engine
   * @param call id of the call
   */
  public static native void arrive(long engine, long call);

  /**
   * Cancels a call that is not done.
   *
   * @param engine the engine
   * @param call id of the call
   * @return {@link Verdict#CANCEL_IGNORED}, {@link Verdict#CANCEL_DEQUEUED} or {@link
   *     Verdict#CANCEL_RUNNING}
   */
  public static native int cancelCall(long engine, long call);

  /**
   * Cancels a call that is not done and frees its slot, now or as soon as it can be: for a call
   * whose outcome nobody will {@link #take}.
   *
   * @param engine the engine
   * @param call id of the call
   * @return as {@link #cancelCall}
   */
  public static native int discard(long engine, long call);

  /**
   * Takes the outcome of a call and frees its slot.
   *
   * @param engine the engine
   * @param call id of the call
   * @return one of the outcomes in {@link Verdict}, or {@link Verdict#OUTCOME_OPEN}
   */
  public static native int take(long engine, long call);

  /**
   * Cancels the context: its current and further waits end with {@link Verdict#WAIT_CANCELLED}
   * until its action ends.
   *
   * @param engine the engine
   * @param context id of the context
   */
  public static native void cancelContext(long engine, long context);

  /**
   * Makes a context that is resumed by unparking ready.
   *
   * @param engine the engine
   * @param context id of the context
   */
  public static native void unparked(long engine, long context);

  /**
   * Declares that the owner will drain: from now on ready contexts are queued and {@link
   * EngineUpcalls#wake} is called. {@link #hasReady} and {@link #drainReady} imply it.
   *
   * @param engine the engine
   */
  public static native void observe(long engine);

  /**
   * Returns whether a context is ready.
   *
   * @param engine the engine
   * @return {@code true} if {@link #drainReady} would find one
   */
  public static native boolean hasReady(long engine);

  /**
   * Takes ready contexts from the queue. If fewer than the array's length came, the next context
   * that gets ready calls {@link EngineUpcalls#wake}.
   *
   * @param engine the engine
   * @param into receives ids of contexts from index 0 on
   * @return how many were written
   */
  public static native int drainReady(long engine, long[] into);

  /**
   * Reads the counters of the engine, not as one atomic picture.
   *
   * @param engine the engine
   * @param into receives at 0 call slots in use, 1 queued, 2 running, 3 sleeping calls, 4 suspended
   *     contexts, 5 workers, 6 wake-ups since creation, 7 timer entries
   * @throws IllegalArgumentException if the array is shorter than {@link #GAUGES}
   */
  public static native void gauges(long engine, long[] into);

  /**
   * Begins to close the engine: open calls are aborted, contexts are aborted, its threads are told
   * to end, and nothing new is accepted. Does not wait. Idempotent.
   *
   * @param engine the engine
   */
  public static native void beginClose(long engine);

  /**
   * Returns how many threads of the engine are alive.
   *
   * @param engine the engine
   * @return the number; 0 after {@link EngineUpcalls#threadEnded} with {@code last}
   */
  public static native int threadsAlive(long engine);

  /**
   * Closes the engine if need be and frees it. Only for a {@code Cleaner}, when no Java object can
   * call any more.
   *
   * @param engine the engine, invalid from now on
   */
  public static native void destroy(long engine);

  /** Called by native code to report an error of its own. */
  private static RuntimeException exception(String kindName, String message) {
    return FermataException.of(ErrorKind.ofNativeName(kindName), message);
  }
}
