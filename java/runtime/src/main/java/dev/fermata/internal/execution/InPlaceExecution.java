// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import dev.fermata.FermataExecutorMXBean.SuspendedAction;
import dev.fermata.Strategy;
import dev.fermata.SuspendingFuture;
import dev.fermata.internal.bridge.Verdict;
import dev.fermata.internal.observe.ExecutorMetrics;
import dev.fermata.internal.observe.Gauges;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Runs actions from start to end on the thread that brings them, and suppliers in place.
 *
 * <p>For executors without a native library, and for owners that are virtual threads: blocking one
 * of those suspends it already. Owns the set of running actions. Several threads may use it at
 * once, each with a context of its own.
 */
public final class InPlaceExecution implements ActionExecution {
  private final String reason;
  private final ExecutorOptions options;
  private final ExecutorMetrics metrics;
  private final Set<ActionState> running = ConcurrentHashMap.newKeySet();
  private final ThreadLocal<ActionState> current = new ThreadLocal<>();
  private volatile boolean closed;

  /** Made with the first call of no action. */
  private volatile CallPool pool;

  /**
   * Creates an execution that runs nothing yet.
   *
   * @param options of the executor
   * @param reason why actions run in place, a sentence
   * @param metrics where calls are counted
   */
  public InPlaceExecution(ExecutorOptions options, String reason, ExecutorMetrics metrics) {
    this.options = options;
    this.reason = reason;
    this.metrics = metrics;
  }

  @Override
  public Strategy strategy() {
    return Strategy.INLINE;
  }

  @Override
  public String reason() {
    return reason;
  }

  @Override
  public boolean executeAction(ActionState state, Runnable body) {
    if (isInside()) {
      throw Closing.inside("executeAction");
    }
    if (!state.bind(this)) {
      throw new IllegalStateException(
          "the context runs an action already; use one context per action");
    }
    running.add(state);
    current.set(state);
    ActionState outer = CurrentAction.enter(state);
    metrics.actionStarted();
    try {
      if (closed) {
        throw Closing.closed();
      }
      body.run();
    } finally {
      CurrentAction.exit(outer);
      current.remove();
      running.remove(state);
      state.unbind();
      metrics.actionFinished();
    }
    return true;
  }

  @Override
  public <T> T executeAsync(ActionState state, Supplier<? extends T> supplier, long deadlineNanos) {
    requireInside(state);
    return InPlaceCall.run(state, supplier, deadlineNanos, metrics);
  }

  @Override
  public <T> List<T> gather(
      ActionState state, List<? extends Supplier<? extends T>> suppliers, long deadlineNanos) {
    requireInside(state);
    return gatherInPlace(state, suppliers, deadlineNanos, metrics);
  }

  @Override
  public <T> CompletableFuture<T> submit(
      ActionState state, Supplier<? extends T> supplier, long deadlineNanos) {
    requireInside(state);
    return submitInPlace(state, supplier, deadlineNanos, metrics);
  }

  @Override
  public <T> CompletableFuture<T> submit(Supplier<? extends T> supplier, long deadlineNanos) {
    return pool().submit(supplier, deadlineNanos);
  }

  @Override
  public <T> T await(ActionState state, CompletableFuture<? extends T> stage, long deadlineNanos) {
    requireInside(state);
    return InPlaceCall.run(state, new StageResult<>(stage), deadlineNanos, metrics);
  }

  @Override
  public void sleep(ActionState state, long nanos) {
    requireInside(state);
    sleepInPlace(state, nanos, metrics);
  }

  @Override
  public void cancel(ActionState state) {
    if (state.isBoundTo(this)) {
      state.markEnded(Verdict.OUTCOME_CANCELLED);
      state.endInPlaceCall(Verdict.OUTCOME_CANCELLED);
    }
  }

  @Override
  public boolean awaitReady(Duration limit) {
    return false;
  }

  @Override
  public boolean hasReady() {
    return false;
  }

  @Override
  public List<ActionState> drainReady() {
    return List.of();
  }

  @Override
  public Gauges gauges() {
    CallPool calls = pool;
    return calls == null ? Gauges.IDLE : calls.gauges();
  }

  @Override
  public List<SuspendedAction> suspendedActions(int max) {
    return List.of();
  }

  private CallPool pool() {
    CallPool calls = pool;
    return calls == null ? openPool() : calls;
  }

  private synchronized CallPool openPool() {
    if (closed) {
      throw Closing.closed();
    }
    if (pool == null) {
      pool = new CallPool(options, metrics);
    }
    return pool;
  }

  /** Whether the calling thread runs the action of this state. */
  boolean isRunning(ActionState state) {
    return current.get() == state;
  }

  @Override
  public boolean isInside() {
    return current.get() != null || Call.isInsideCallOf(metrics);
  }

  @Override
  public void close() {
    if (isInside()) {
      throw Closing.inside("close");
    }
    synchronized (this) {
      closed = true;
    }
    for (ActionState state : running) {
      state.markEnded(Verdict.OUTCOME_ABORTED);
      state.endInPlaceCall(Verdict.OUTCOME_ABORTED);
    }
    if (pool != null) {
      pool.close();
    }
  }

  /** Runs the suppliers one after the other within one deadline; the first failure ends it. */
  static <T> List<T> gatherInPlace(
      ActionState state,
      List<? extends Supplier<? extends T>> suppliers,
      long deadlineNanos,
      ExecutorMetrics metrics) {
    long end = System.nanoTime() + deadlineNanos;
    List<T> values = new ArrayList<>(suppliers.size());
    for (Supplier<? extends T> supplier : suppliers) {
      long rest = deadlineNanos == 0 ? 0 : Math.max(1, end - System.nanoTime());
      values.add(InPlaceCall.run(state, supplier, rest, metrics));
    }
    return values;
  }

  /** Runs the supplier; the future is complete, and what is derived from it suspends as ever. */
  static <T> CompletableFuture<T> submitInPlace(
      ActionState state,
      Supplier<? extends T> supplier,
      long deadlineNanos,
      ExecutorMetrics metrics) {
    CompletableFuture<T> future = new SuspendingFuture<>();
    try {
      future.complete(InPlaceCall.run(state, supplier, deadlineNanos, metrics));
    } catch (Throwable thrown) {
      future.completeExceptionally(thrown);
    }
    return future;
  }

  /** Blocks the thread; an end from outside interrupts it and counts, another interrupt is kept. */
  static Void sleepInPlace(ActionState state, long nanos, ExecutorMetrics metrics) {
    return InPlaceCall.run(
        state,
        () -> {
          try {
            TimeUnit.NANOSECONDS.sleep(nanos);
          } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw Call.cancelled("The sleep of an action, interrupted,");
          }
          return null;
        },
        0,
        metrics);
  }

  private void requireInside(ActionState state) {
    if (!isRunning(state) && !Call.isInsideCallOf(metrics)) {
      if (closed) {
        throw Closing.closed();
      }
      throw Closing.outside();
    }
    if (closed) {
      throw Call.aborted("The action");
    }
  }
}
