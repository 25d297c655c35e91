// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import dev.fermata.ActionAbortedError;
import dev.fermata.internal.bridge.Verdict;
import dev.fermata.internal.strategy.Pin;
import dev.fermata.internal.strategy.SuspendableAction;
import dev.fermata.internal.strategy.SuspensionStrategy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a {@link SuspendingExecution}: aborts its actions, ends its threads, within a time.
 *
 * <p>Suspended actions are resumed with an abort on a thread of its own, under the slice lock: user
 * code that ignores its interrupt can then hold that thread but not the caller of {@code close()}.
 * Used once; {@link #requireOpen} and {@link #throwIfAborting} from any thread.
 */
final class Closing {
  private static final Logger LOG = LoggerFactory.getLogger(Closing.class);

  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final SuspendingExecution execution;
  private final Engine engine;
  private final Upcalls upcalls;
  private final SuspensionStrategy strategy;
  private final ReentrantLock slice;
  private final Duration timeout;
  private final String threadName;
  private final AtomicBoolean begun = new AtomicBoolean();
  // Far away until close has said when.
  private volatile long endNanos = System.nanoTime() + Long.MAX_VALUE / 2;

  Closing(
      SuspendingExecution execution,
      Engine engine,
      Upcalls upcalls,
      SuspensionStrategy strategy,
      ReentrantLock slice,
      ExecutorOptions options) {
    this.execution = execution;
    this.engine = engine;
    this.upcalls = upcalls;
    this.strategy = strategy;
    this.slice = slice;
    timeout = options.closeTimeout();
    threadName = options.threadName() + "-close";
  }

  static IllegalStateException closed() {
    return new IllegalStateException("the executor is closed; create a new one");
  }

  static IllegalStateException inside(String method) {
    return new IllegalStateException(
        method + " must not be called from inside an action or a call of the same executor");
  }

  static IllegalStateException outside() {
    return new IllegalStateException(
        "not inside an action of this context: call it from the code that executeAction runs,"
            + " on the thread that runs it, with the context that was given to executeAction, and not"
            + " from the code of a continuation that the action resumes");
  }

  boolean isBegun() {
    return begun.get();
  }

  /** Whether the time to close is over: an action that still swallows its abort stays suspended. */
  boolean isOver() {
    return begun.get() && restNanos() < 0;
  }

  void requireOpen() {
    if (begun.get()) {
      throw closed();
    }
  }

  /**
   * Throws the abort at a suspension point reached after close has begun. An action that goes on
   * swallowing it when the time is over is suspended for good: nothing else would end its loop.
   */
  void throwIfAborting(SuspendableAction action) {
    if (!begun.get()) {
      return;
    }
    while (isOver() && action.pin() == Pin.NONE) {
      action.suspend();
    }
    throw Call.aborted("The action");
  }

  void close() {
    if (!begun.compareAndSet(false, true)) {
      return;
    }
    endNanos = System.nanoTime() + Deadlines.nanos(timeout);
    engine.observe();
    engine.beginClose();
    upcalls.calls.forEach(Call::interrupt);
    upcalls.contexts.forEach(
        state -> {
          state.markEnded(Verdict.OUTCOME_ABORTED);
          state.endInPlaceCall(Verdict.OUTCOME_ABORTED);
        });
    upcalls.spaceWaiters.wakeAll();
    Interruption interruption = new Interruption();
    if (upcalls.contexts.size() > 0) {
      Thread unwinder = new Thread(this::unwind, threadName);
      unwinder.setDaemon(true);
      unwinder.start();
      interruption.during(() -> TimeUnit.NANOSECONDS.timedJoin(unwinder, restNanos()));
    }
    strategy.close();
    interruption.during(this::awaitThreads);
    report();
    interruption.restore();
  }

  private long restNanos() {
    return endNanos - System.nanoTime();
  }

  /**
   * A last thread that the JVM refused cannot tell that it ended: hence the look from time to time.
   */
  private void awaitThreads() throws InterruptedException {
    while (engine.threadsAlive() > 0 && restNanos() > 0) {
      upcalls.threadsEnded.await(Math.min(restNanos(), LOOK_NANOS), TimeUnit.NANOSECONDS);
    }
  }

  private void unwind() {
    Interruption interruption = new Interruption();
    boolean[] locked = new boolean[1];
    interruption.during(
        () -> locked[0] = slice.tryLock(Math.max(0, restNanos() / 2), TimeUnit.NANOSECONDS));
    if (!locked[0]) {
      execution.interruptRunning();
      interruption.during(
          () -> locked[0] = slice.tryLock(Math.max(0, restNanos()), TimeUnit.NANOSECONDS));
    }
    if (locked[0]) {
      try {
        unwindAll(interruption);
      } finally {
        slice.unlock();
      }
    }
  }

  private void unwindAll(Interruption interruption) {
    boolean interruptedActions = false;
    while (true) {
      execution.discardReady();
      upcalls.contexts.forEach(this::unwind);
      if (upcalls.contexts.size() == 0 || restNanos() <= 0) {
        return;
      }
      if (!interruptedActions) {
        // What is left blocks elsewhere than at a suspension point: only VIRTUAL lets an action.
        interruptedActions = true;
        upcalls.contexts.forEach(state -> state.action().interrupt());
      }
      interruption.during(
          () ->
              upcalls.readySignal.await(
                  engine::hasReady, Duration.ofNanos(Math.max(0, restNanos()))));
    }
  }

  private void unwind(ActionState state) {
    if (restNanos() <= 0) {
      return;
    }
    Class<?> body = state.bodyType;
    try {
      execution.resume(state);
    } catch (ActionAbortedError aborted) {
      LOG.debug("Action {} was aborted", body, aborted);
    } catch (Throwable thrown) {
      LOG.warn("The action {} threw while it was aborted", body, thrown);
    }
  }

  private void report() {
    List<String> left = new ArrayList<>();
    upcalls.contexts.forEach(state -> left.add("action " + state.bodyType));
    upcalls.abandoned.forEach(
        call -> {
          Thread runner = call.runner();
          if (runner != null) {
            left.add(runner.getName() + " in " + call.describe());
          }
        });
    int threads = engine.threadsAlive();
    if (threads > 0 || !left.isEmpty()) {
      LOG.warn(
          "Closed with {} action(s) and {} thread(s) still inside user code that ignores its"
              + " interrupt: {}. They hold no slot and end when that code does.",
          upcalls.contexts.size(),
          threads,
          left);
    }
  }
}
