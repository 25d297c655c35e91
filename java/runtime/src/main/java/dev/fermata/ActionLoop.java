// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

import dev.fermata.internal.ambient.AmbientContext;
import dev.fermata.internal.execution.Deadlines;
import dev.fermata.internal.strategy.BareThread;
import java.time.Duration;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;

/**
 * An owner thread for programs that have none: it runs actions, straight-line blocking code, one
 * slice at a time, and goes on with another whenever one waits.
 *
 * <pre>{@code
 * try (ActionLoop loop = ActionLoop.builder().asyncThreads(64).build()) {
 *   CompletableFuture<String> answer =
 *       loop.submit(
 *           scope -> {
 *             String draft = scope.call(() -> model.ask(question)); // suspends here
 *             return scope.call(() -> model.improve(draft));
 *           });
 *   System.out.println(answer.join());
 * }
 * }</pre>
 *
 * <p>With {@link Strategy#VIRTUAL} (JDK 24 and later) plain blocking code in an action, such as
 * {@link Thread#sleep} or a socket read, suspends it too. Actions of one loop never run at the same
 * time, so they need no locks among themselves for what they touch between two waits.
 *
 * <p>Owns the thread, its {@link ContinuationActionExecutor} and the actions in flight until {@link
 * #close}. Every method may be called by any thread.
 */
public final class ActionLoop implements AutoCloseable {
  /** Code that an {@link ActionLoop} runs. */
  @FunctionalInterface
  public interface Action<T> {
    /**
     * Runs on the loop, slice by slice.
     *
     * @param scope what the action can wait for
     * @return the value of the action's future
     * @throws Exception the failure of the action's future
     */
    T run(ActionScope scope) throws Exception;
  }

  /** New actions begun before the loop looks at suspended ones again. */
  private static final int STARTS_PER_TURN = 64;

  private final Queue<Submission<?>> submitted = new ConcurrentLinkedQueue<>();
  private final Set<Submission<?>> unfinished = ConcurrentHashMap.newKeySet();
  private final Semaphore places;
  private final ContinuationActionExecutor executor;
  private final Duration closeTimeout;
  private final Thread owner;
  private volatile boolean closing;

  private ActionLoop(Builder builder) {
    if (builder.maxActions < 1) {
      throw new IllegalArgumentException(
          "maxActions must be at least 1, but is " + builder.maxActions);
    }
    places = new Semaphore(builder.maxActions);
    closeTimeout = builder.closeTimeout;
    Thread thread = BareThread.daemon(this::run, builder.name + "-owner");
    thread.setContextClassLoader(Thread.currentThread().getContextClassLoader());
    owner = thread;
    executor =
        builder.executor.threadName(builder.name).waker(() -> LockSupport.unpark(thread)).build();
    thread.start();
  }

  /**
   * Returns a builder with the defaults.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Hands an action to the loop. The caller's context class loader, MDC and registered values
   * follow it. With {@link Builder#maxActions} actions unfinished it waits for one to finish:
   * backpressure; except inside an action of this loop and on its owner thread, which completes the
   * futures: those it never holds back.
   *
   * @param action the code to run
   * @param <T> type of its value
   * @return completes, on the owner thread, with what the action returned or threw; cancelling it
   *     {@linkplain ContinuationActionExecutor#cancel cancels} the action
   * @throws IllegalStateException if the loop is closed
   * @throws FermataException of kind {@link ErrorKind#CANCELLED} if the thread is interrupted while
   *     it waits for a place; the interrupt status is kept
   */
  public <T> CompletableFuture<T> submit(Action<T> action) {
    Objects.requireNonNull(action, "action");
    boolean holdsPlace = Thread.currentThread() != owner && !executor.isInside();
    if (holdsPlace) {
      takePlace();
    }
    Submission<T> submission = new Submission<>(action, holdsPlace);
    unfinished.add(submission);
    submitted.add(submission);
    // One that the owner has taken already ends as any that runs when its loop is closed.
    if (closing && submitted.remove(submission)) {
      submission.end(notBegun());
      throw new IllegalStateException("the loop is closed; create a new one");
    }
    LockSupport.unpark(owner);
    return submission;
  }

  private void takePlace() {
    try {
      places.acquire();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new FermataException(
          ErrorKind.CANCELLED, "Interrupted while waiting for a place in the loop", interrupted);
    }
  }

  /**
   * Returns the executor that runs the loop's actions, for what {@link ActionScope} lacks.
   *
   * @return the executor; closed with the loop
   */
  public ContinuationActionExecutor executor() {
    return executor;
  }

  /**
   * Returns the thread that runs the actions or, where they have threads of their own, waits for
   * their slices.
   *
   * @return the owner thread
   */
  public Thread owner() {
    return owner;
  }

  /**
   * Aborts the actions in flight and ends the loop's threads, as {@link
   * ContinuationActionExecutor#close} does; futures of actions that did not end fail with {@link
   * ActionAbortedError}. To let actions finish first, join their futures. Idempotent. On the owner
   * thread, called by what depends on a future, it does not wait for that thread.
   *
   * @throws IllegalStateException if called from inside an action or a supplier
   */
  @Override
  public void close() {
    if (executor.isInside()) {
      throw new IllegalStateException("close must not be called from inside an action or a call");
    }
    long end = System.nanoTime() + Deadlines.nanos(closeTimeout);
    closing = true;
    LockSupport.unpark(owner);
    executor.close();
    boolean interrupted = false;
    while (Thread.currentThread() != owner && owner.isAlive() && end - System.nanoTime() > 0) {
      try {
        owner.join(Math.max(1, (end - System.nanoTime()) / 1_000_000));
      } catch (InterruptedException caught) {
        interrupted = true;
      }
    }
    for (Submission<?> submission : unfinished) {
      submission.end(new ActionAbortedError("The action was aborted: its loop was closed"));
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    while (!closing) {
      boolean idle = true;
      for (int i = 0; i < STARTS_PER_TURN && !submitted.isEmpty(); i++) {
        idle = false;
        drive(submitted.remove());
      }
      for (ContinuationContext ready : executor.drainReady()) {
        idle = false;
        drive(((LoopContext) ready).submission);
      }
      if (idle) {
        // Interrupts mean nothing to the loop, and would keep it from parking.
        Thread.interrupted();
        if (submitted.isEmpty() && !executor.hasReady() && !closing) {
          LockSupport.park(this);
        }
      }
    }
  }

  private void drive(Submission<?> submission) {
    // That of the action before would strike this one.
    Thread.interrupted();
    if (submission.isBegun() || !submission.isDone()) {
      try {
        if (!submission.slice()) {
          return;
        }
      } catch (Throwable refused) {
        // While the loop closes, close() itself ends what has begun, and may be past the rest.
        if (!closing) {
          submission.end(refused);
        } else if (!submission.isBegun()) {
          submission.end(notBegun());
        }
        return;
      }
    }
    submission.end(null);
  }

  private static ActionAbortedError notBegun() {
    return new ActionAbortedError("The action was not begun: its loop was closed");
  }

  /** A context that leads back to its action. */
  private static final class LoopContext extends ContinuationContext {
    private final Submission<?> submission;

    LoopContext(Submission<?> submission) {
      this.submission = submission;
    }
  }

  /** One action with its future. The outcome is kept until its last slice is over. */
  private final class Submission<T> extends SuspendingFuture<T> implements Runnable {
    private final ContinuationContext context = new LoopContext(this);
    private final boolean holdsPlace;

    /** Until the future is complete, which may be kept for longer than what the code refers to. */
    private volatile Action<T> action;

    private volatile boolean begun;
    private volatile boolean ended;
    private T value;
    private Throwable failure;

    /** What surrounds who submits it, until it begins. */
    private AmbientContext ambient = AmbientContext.capture();

    Submission(Action<T> action, boolean holdsPlace) {
      this.action = action;
      this.holdsPlace = holdsPlace;
    }

    /**
     * Begins it under what surrounded who submitted it, which follows it from then on; or goes on.
     */
    boolean slice() {
      if (ambient == null) {
        return executor.executeAction(context, this);
      }
      AmbientContext loops = ambient.swapIn();
      ambient = null;
      try {
        return executor.executeAction(context, this);
      } finally {
        loops.swapIn();
      }
    }

    boolean isBegun() {
      return begun;
    }

    @Override
    public void run() {
      begun = true;
      Action<T> code = action;
      // By a cancel that found no action to cancel yet.
      if (isDone()) {
        return;
      }
      try {
        value = code.run(ActionScope.of(executor, context));
      } catch (Throwable thrown) {
        failure = thrown;
      }
      ended = true;
    }

    /** Completes the future with the action's outcome, or this failure if it did not end. */
    void end(Throwable unlessEnded) {
      if (!unfinished.remove(this)) {
        return;
      }
      if (holdsPlace) {
        places.release();
      }
      Throwable thrown = ended ? failure : unlessEnded;
      if (thrown == null) {
        complete(value);
      } else {
        completeExceptionally(thrown);
      }
      action = null;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      boolean cancelled = super.cancel(mayInterruptIfRunning);
      executor.cancel(context);
      return cancelled;
    }
  }

  /** Options of a loop; not thread-safe. */
  public static final class Builder {
    private final ContinuationActionExecutor.Builder executor =
        ContinuationActionExecutor.builder().ownerKind(OwnerKind.LOOP);
    private String name = "fermata";
    private int maxActions = 10_000;
    private Duration closeTimeout = Duration.ofSeconds(10);

    private Builder() {}

    /**
     * Sets which strategies suspend the loop's actions.
     *
     * @param kind default {@link OwnerKind#LOOP}
     * @return this builder
     */
    public Builder ownerKind(OwnerKind kind) {
      executor.ownerKind(kind);
      return this;
    }

    /**
     * Sets the prefix of the names of the loop's threads and of its MXBean.
     *
     * @param prefix not blank, default "fermata"
     * @return this builder
     */
    public Builder name(String prefix) {
      name = Objects.requireNonNull(prefix, "prefix");
      return this;
    }

    /**
     * Sets the most unfinished actions; {@link ActionLoop#submit} waits beyond it.
     *
     * @param actions at least 1, default 10,000
     * @return this builder
     */
    public Builder maxActions(int actions) {
      maxActions = actions;
      return this;
    }

    /**
     * Sets the most worker threads.
     *
     * @param threads at least 1, default twice the number of processors
     * @return this builder
     */
    public Builder asyncThreads(int threads) {
      executor.asyncThreads(threads);
      return this;
    }

    /**
     * Sets how many calls may wait for a worker.
     *
     * @param calls at least 1, default 65,536
     * @return this builder
     */
    public Builder queueCapacity(int calls) {
      executor.queueCapacity(calls);
      return this;
    }

    /**
     * Sets how long an idle worker stays.
     *
     * @param duration not negative, default 30 seconds
     * @return this builder
     */
    public Builder keepAlive(Duration duration) {
      executor.keepAlive(duration);
      return this;
    }

    /**
     * Sets the deadline of calls that name none.
     *
     * @param deadline positive, or {@code null} for none, the default
     * @return this builder
     */
    public Builder defaultDeadline(Duration deadline) {
      executor.defaultDeadline(deadline);
      return this;
    }

    /**
     * Sets how long {@link ActionLoop#close} may take.
     *
     * @param timeout not negative, default 10 seconds
     * @return this builder
     */
    public Builder closeTimeout(Duration timeout) {
      closeTimeout = Objects.requireNonNull(timeout, "timeout");
      executor.closeTimeout(timeout);
      return this;
    }

    /**
     * Creates the loop and starts its owner thread.
     *
     * @return a running loop
     * @throws IllegalArgumentException if an option is out of its range; the message names it
     */
    public ActionLoop build() {
      return new ActionLoop(this);
    }
  }
}
