// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

import dev.fermata.internal.execution.ActionExecution;
import dev.fermata.internal.execution.ActionState;
import dev.fermata.internal.execution.Deadlines;
import dev.fermata.internal.execution.Executions;
import dev.fermata.internal.execution.ExecutorOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Runs actions, straight-line blocking code, so that one that waits for a call holds no thread: the
 * action is suspended and its <em>owner</em>, the thread that runs the actions, goes on with
 * others.
 *
 * <pre>{@code
 * // on the owner
 * boolean done = executor.executeAction(context, () -> {
 *   String answer = executor.executeAsync(context, () -> model.ask(question)); // suspends here
 *   output.add(answer);
 * });
 * }</pre>
 *
 * <p><b>Thread rules.</b> {@link #executeAction} is called by one thread at a time, the owner;
 * action code runs only inside it. {@link #executeAsync}, {@link #gather}, {@link #submit}, {@link
 * #await} and {@link #sleep} are called by the action. Suppliers run on other threads, the workers,
 * under the action's context class loader, SLF4J MDC and registered {@code context-propagation}
 * values. {@link #cancel} and {@link #close} are called by any thread.
 *
 * <p><b>Waiting without polling.</b> When {@code executeAction} has returned {@code false}, the
 * owner is told once the action can go on: by its {@linkplain Builder#waker waker}, or by parking
 * in {@link #awaitReady}; then {@link #drainReady} hands it the contexts to call {@code
 * executeAction} for. Calling it for a context that is not ready is allowed, returns {@code false}
 * at once and does nothing.
 *
 * <p><b>How an action is suspended</b> depends on the JVM and the kind of owner, see {@link
 * Strategy}; {@link #strategy()} tells. Where it cannot be suspended at all (no native library:
 * {@link Strategy#INLINE}), or not where it stands (it holds a monitor, or is called from native
 * code or a class initialiser), the supplier runs in place, on the action's own thread, and nothing
 * else changes. A {@link java.util.concurrent.locks.ReentrantLock} held while suspended excludes no
 * other action with {@link Strategy#CONTINUATION} (they share the thread), and with {@link
 * Strategy#HANDOFF} it can stop the owner: release locks before a call.
 *
 * <p><b>Lifecycle.</b> Owns its worker threads, started on demand, and the actions in flight, until
 * {@link #close}.
 */
public class ContinuationActionExecutor implements AutoCloseable {
  private final Executions.Started started;
  private final ActionExecution execution;
  private final long defaultDeadlineNanos;

  /**
   * Creates an executor for an owner of kind {@link OwnerKind#MAILBOX} with the builder's defaults.
   *
   * @param numAsyncThreads most worker threads that run suppliers, at least 1
   * @throws IllegalArgumentException if it is less than 1
   */
  public ContinuationActionExecutor(int numAsyncThreads) {
    this(builder().asyncThreads(numAsyncThreads).options.check());
  }

  private ContinuationActionExecutor(ExecutorOptions options) {
    started = Executions.start(options);
    execution = started.execution();
    defaultDeadlineNanos = options.defaultDeadlineNanos();
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
   * Tells whether actions overlap on this JVM: {@code false} where {@link Strategy#INLINE} is all
   * there is.
   *
   * @return whether an executor made now by {@link #ContinuationActionExecutor(int)} suspends
   *     actions
   */
  public static boolean isContinuationSupported() {
    return Executions.choose(OwnerKind.MAILBOX).kind() != Strategy.INLINE;
  }

  /**
   * Runs an action until it ends or is suspended, or resumes the suspended action of the context.
   *
   * <p>The action keeps the owner for as long as it computes. A call that is done before the action
   * could be suspended is computing, too: it does not give others a turn.
   *
   * @param context identity of the action; its action, once begun, is the one that goes on,
   *     whatever {@code action} is given later
   * @param action the code to run if the context has no action in progress
   * @return {@code true} if the action has ended, {@code false} if it is suspended
   * @throws RuntimeException whatever the action throws, checked or not, the same object
   * @throws IllegalStateException if the executor is closed, if another thread is in this method
   *     (not checked where nothing is suspended: {@link Strategy#INLINE}, and owners that are
   *     virtual threads), if it is called from inside an action, if the context belongs to another
   *     executor, or if the owner holds a monitor and the strategy is {@link Strategy#VIRTUAL}
   * @throws FermataException of kind {@link ErrorKind#THREAD_SPAWN} if the action needs a thread of
   *     its own ({@link Strategy#HANDOFF}) and the system refuses it; the action has not begun
   */
  public boolean executeAction(ContinuationContext context, Runnable action) {
    Objects.requireNonNull(action, "action");
    ActionState state = state(context);
    if (state.isIdle()) {
      context.executor(this);
    }
    return execution.executeAction(state, action);
  }

  /**
   * Runs a supplier on a worker and suspends the action until it is done, or its default deadline
   * has passed.
   *
   * <p>Called from inside a supplier it runs its own supplier in place.
   *
   * @param context the context of the calling action
   * @param supplier the blocking code
   * @param <T> type of the value
   * @return what the supplier returned, {@code null} included
   * @throws RuntimeException what the supplier threw, checked or not: the same object with its own
   *     stack trace, and as a suppressed exception the stack of the action
   * @throws FermataException of kind {@link ErrorKind#TIMED_OUT} if the deadline passed, {@link
   *     ErrorKind#CANCELLED} if the action was {@linkplain #cancel cancelled}; the supplier is
   *     interrupted
   * @throws ActionAbortedError if the executor is closed meanwhile
   * @throws IllegalStateException if called outside the context's action
   */
  public <T> T executeAsync(ContinuationContext context, Supplier<T> supplier) {
    Objects.requireNonNull(supplier, "supplier");
    return execution.executeAsync(state(context), supplier, defaultDeadlineNanos);
  }

  /**
   * As {@link #executeAsync(ContinuationContext, Supplier)} with a deadline of its own.
   *
   * @param context the context of the calling action
   * @param supplier the blocking code
   * @param deadline longest time from now, waiting for a worker included; positive
   * @param <T> type of the value
   * @return what the supplier returned
   */
  public <T> T executeAsync(ContinuationContext context, Supplier<T> supplier, Duration deadline) {
    Objects.requireNonNull(supplier, "supplier");
    return execution.executeAsync(state(context), supplier, Deadlines.ofCall(deadline));
  }

  /**
   * Runs several suppliers at once and suspends the action one time, until all are done. When one
   * fails, the others are cancelled and its exception is thrown; failures that came at the same
   * time are added to it as suppressed.
   *
   * @param context the context of the calling action
   * @param suppliers the blocking code, in any number; each has the default deadline
   * @param <T> common type of the values
   * @return their values in the order of the suppliers; may hold {@code null}
   * @throws RuntimeException as {@link #executeAsync(ContinuationContext, Supplier)}
   */
  public <T> List<T> gather(
      ContinuationContext context, List<? extends Supplier<? extends T>> suppliers) {
    return gather(context, suppliers, defaultDeadlineNanos);
  }

  /**
   * As {@link #gather(ContinuationContext, List)} with a deadline for each supplier.
   *
   * @param context the context of the calling action
   * @param suppliers the blocking code
   * @param deadline longest time from now, waiting for a worker included; positive
   * @param <T> common type of the values
   * @return their values in the order of the suppliers
   */
  public <T> List<T> gather(
      ContinuationContext context,
      List<? extends Supplier<? extends T>> suppliers,
      Duration deadline) {
    return gather(context, suppliers, Deadlines.ofCall(deadline));
  }

  private <T> List<T> gather(
      ContinuationContext context,
      List<? extends Supplier<? extends T>> suppliers,
      long deadlineNanos) {
    for (Supplier<? extends T> supplier : suppliers) {
      Objects.requireNonNull(supplier, "a supplier is null");
    }
    return execution.gather(state(context), suppliers, deadlineNanos);
  }

  /**
   * Hands a supplier to a worker and goes on: the way to have several calls in flight and to see
   * the first that ends. {@link #await} waits for it, without a thread.
   *
   * <p>Waits for a place in the queue of calls as {@link #executeAsync} does. Where an action
   * cannot be suspended the supplier runs in place, and the future is complete.
   *
   * @param context the context of the calling action
   * @param supplier the blocking code
   * @param <T> type of the value
   * @return completes with what the supplier returned; or with what it threw, the same object; or
   *     with a {@link FermataException} of kind {@link ErrorKind#TIMED_OUT} if the default deadline
   *     passed, of kind {@link ErrorKind#CANCELLED} if the action was {@linkplain #cancel
   *     cancelled}, or if it ended first; or with {@link ActionAbortedError} if the executor is
   *     closed. Cancelling it cancels the call; in either case the supplier is interrupted. It is
   *     completed by a worker, by the timer's thread or by whoever ends the call: what depends on
   *     it must not block
   * @throws FermataException of kind {@link ErrorKind#TOO_MANY_CALLS} if too many calls are open;
   *     while the queue is full, of kind {@link ErrorKind#TIMED_OUT} if the deadline passes and
   *     {@link ErrorKind#CANCELLED} if the thread is interrupted
   * @throws ActionAbortedError if the executor is being closed
   * @throws IllegalStateException if called outside the context's action
   */
  public <T> CompletableFuture<T> submit(ContinuationContext context, Supplier<T> supplier) {
    Objects.requireNonNull(supplier, "supplier");
    return execution.submit(state(context), supplier, defaultDeadlineNanos);
  }

  /**
   * As {@link #submit(ContinuationContext, Supplier)} with a deadline of its own.
   *
   * @param context the context of the calling action
   * @param supplier the blocking code
   * @param deadline longest time from now, waiting for a worker included; positive
   * @param <T> type of the value
   * @return completes when the call ends
   */
  public <T> CompletableFuture<T> submit(
      ContinuationContext context, Supplier<T> supplier, Duration deadline) {
    Objects.requireNonNull(supplier, "supplier");
    return execution.submit(state(context), supplier, Deadlines.ofCall(deadline));
  }

  /**
   * Hands a supplier to a worker for no action: the way of other threads to these workers. What it
   * runs under is the caller's context class loader, MDC and registered values.
   *
   * <p>Never waits. Without the native library the workers are threads of the JDK.
   *
   * @param supplier the blocking code
   * @param <T> type of the value
   * @return completes as that of {@link #submit(ContinuationContext, Supplier)} does, and is ended
   *     by no action
   * @throws FermataException of kind {@link ErrorKind#QUEUE_FULL} if {@link Builder#queueCapacity}
   *     calls wait for a worker, or {@link ErrorKind#TOO_MANY_CALLS} if too many are open: the
   *     supplier will not run
   * @throws IllegalStateException if the executor is closed
   */
  public <T> CompletableFuture<T> submit(Supplier<T> supplier) {
    Objects.requireNonNull(supplier, "supplier");
    return execution.submit(supplier, defaultDeadlineNanos);
  }

  /**
   * Suspends the action until a stage completes, or the default deadline has passed: the way to
   * wait for an asynchronous API. Nothing runs on a worker, and no thread waits.
   *
   * <p>The stage belongs to the caller: it goes on when the wait ends without it.
   *
   * @param context the context of the calling action
   * @param stage may be complete already; one that supports {@link
   *     CompletionStage#toCompletableFuture()}
   * @param <T> type of its value
   * @return what the stage completed with, {@code null} included
   * @throws RuntimeException what the stage failed with, checked or not: the same object, taken out
   *     of a {@link java.util.concurrent.CompletionException}, with the stack of the action as a
   *     suppressed exception
   * @throws FermataException of kind {@link ErrorKind#TIMED_OUT} if the deadline passed, {@link
   *     ErrorKind#CANCELLED} if the action was {@linkplain #cancel cancelled}
   * @throws ActionAbortedError if the executor is closed meanwhile
   * @throws IllegalStateException if called outside the context's action
   */
  public <T> T await(ContinuationContext context, CompletionStage<? extends T> stage) {
    return execution.await(state(context), stage.toCompletableFuture(), defaultDeadlineNanos);
  }

  /**
   * As {@link #await(ContinuationContext, CompletionStage)} with a deadline of its own.
   *
   * @param context the context of the calling action
   * @param stage may be complete already
   * @param deadline longest time from now; positive
   * @param <T> type of its value
   * @return what the stage completed with
   */
  public <T> T await(
      ContinuationContext context, CompletionStage<? extends T> stage, Duration deadline) {
    return execution.await(state(context), stage.toCompletableFuture(), Deadlines.ofCall(deadline));
  }

  /**
   * Suspends the action for a time, on a timer: no thread waits.
   *
   * @param context the context of the calling action
   * @param duration how long, not negative
   * @throws FermataException of kind {@link ErrorKind#CANCELLED} if the action was cancelled
   * @throws ActionAbortedError if the executor is closed meanwhile
   * @throws IllegalStateException if called outside the context's action
   */
  public void sleep(ContinuationContext context, Duration duration) {
    if (duration.isNegative()) {
      throw new IllegalArgumentException("duration must not be negative, but is " + duration);
    }
    execution.sleep(state(context), Deadlines.nanos(duration));
  }

  /**
   * Cancels the action of a context: what it waits for now, and each later wait of this action,
   * ends with a {@link FermataException} of kind {@link ErrorKind#CANCELLED}; running suppliers are
   * interrupted. Without an action in progress it does nothing. Any thread.
   *
   * @param context the action's context
   */
  public void cancel(ContinuationContext context) {
    execution.cancel(state(context));
  }

  /**
   * Parks the owner until a suspended action can go on.
   *
   * @param limit longest time to wait
   * @return whether {@link #drainReady} has something to hand out
   * @throws InterruptedException if the thread is interrupted before or while it waits
   */
  public boolean awaitReady(Duration limit) throws InterruptedException {
    return execution.awaitReady(limit);
  }

  /**
   * Takes the contexts that became ready, each once until it is ready again. Called by the owner.
   *
   * @return contexts to call {@link #executeAction} for; empty if none is ready
   */
  public List<ContinuationContext> drainReady() {
    List<ActionState> ready = execution.drainReady();
    List<ContinuationContext> contexts = new ArrayList<>(ready.size());
    for (ActionState state : ready) {
      contexts.add((ContinuationContext) state.context());
    }
    return contexts;
  }

  /**
   * Returns how actions of this executor are suspended.
   *
   * @return the strategy chosen when it was created
   */
  public Strategy strategy() {
    return execution.strategy();
  }

  /**
   * Returns what this executor does and has done: what JMX shows, also where there is no JMX.
   *
   * @return a live view, for any thread; holds the executor weakly
   */
  public FermataExecutorMXBean metrics() {
    return started.metrics();
  }

  /**
   * Aborts the actions in flight and ends the threads of the executor. Each suspended action is
   * resumed with {@link ActionAbortedError}, on a thread of its own, so that its {@code finally}
   * blocks run; running suppliers are interrupted. Returns within the {@linkplain
   * Builder#closeTimeout close timeout}; what user code still holds then is named in one WARN.
   * Idempotent, any thread.
   *
   * @throws IllegalStateException if called from inside an action or a supplier
   */
  @Override
  public void close() {
    started.close();
  }

  boolean hasReady() {
    return execution.hasReady();
  }

  boolean isInside() {
    return execution.isInside();
  }

  private static ActionState state(ContinuationContext context) {
    return Objects.requireNonNull(context, "context").state();
  }

  /** Options of an executor; not thread-safe. */
  public static final class Builder {
    private final ExecutorOptions.Draft options = new ExecutorOptions.Draft();

    private Builder() {}

    /**
     * Sets what kind of thread the owner is.
     *
     * @param kind default {@link OwnerKind#MAILBOX}
     * @return this builder
     */
    public Builder ownerKind(OwnerKind kind) {
      options.ownerKind = kind;
      return this;
    }

    /**
     * Sets the most worker threads; they start on demand.
     *
     * @param threads at least 1, default twice the number of processors
     * @return this builder
     */
    public Builder asyncThreads(int threads) {
      options.asyncThreads = threads;
      return this;
    }

    /**
     * Sets how many calls may wait for a worker. When that many do, the next call waits for a place
     * on the action's thread: backpressure that reaches the owner.
     *
     * @param calls at least 1, default 65,536
     * @return this builder
     */
    public Builder queueCapacity(int calls) {
      options.queueCapacity = calls;
      return this;
    }

    /**
     * Sets how many calls and sleeps may be open at once. One more throws {@link FermataException}
     * of kind {@link ErrorKind#TOO_MANY_CALLS}.
     *
     * @param calls at least 1, default 1,048,576
     * @return this builder
     */
    public Builder maxCalls(int calls) {
      options.maxCalls = calls;
      return this;
    }

    /**
     * Sets how long an idle worker lives.
     *
     * @param duration not negative, default 30 seconds
     * @return this builder
     */
    public Builder keepAlive(Duration duration) {
      options.keepAlive = duration;
      return this;
    }

    /**
     * Sets the prefix of the names of this executor's threads and of its MXBean.
     *
     * @param prefix not blank, default "fermata"
     * @return this builder
     */
    public Builder threadName(String prefix) {
      options.threadName = prefix;
      return this;
    }

    /**
     * Sets the deadline of calls that name none.
     *
     * @param deadline positive, or {@code null} for none, the default
     * @return this builder
     */
    public Builder defaultDeadline(Duration deadline) {
      options.defaultDeadline = deadline;
      return this;
    }

    /**
     * Sets how long {@link ContinuationActionExecutor#close} may take.
     *
     * @param timeout not negative, default 10 seconds
     * @return this builder
     */
    public Builder closeTimeout(Duration timeout) {
      options.closeTimeout = timeout;
      return this;
    }

    /**
     * Sets what tells the owner that {@link ContinuationActionExecutor#drainReady} has something to
     * hand out: once per burst of completions, on any thread (also the owner's own, inside a method
     * of the executor). It must not block and must not call the executor; it marks and signals,
     * such as by putting a mail into the owner's mailbox. Nothing is told before the owner's first
     * {@link ContinuationActionExecutor#drainReady} or {@link ContinuationActionExecutor#hasReady}:
     * an owner that never looks is one that only calls {@link
     * ContinuationActionExecutor#executeAction} again.
     *
     * @param callback default none
     * @return this builder
     */
    public Builder waker(Runnable callback) {
      options.waker = callback;
      return this;
    }

    /**
     * Creates the executor. It starts no thread yet.
     *
     * @return a new executor
     * @throws IllegalArgumentException if an option is out of its range; the message names it
     * @throws FermataException of kind {@link ErrorKind#NATIVE_LIBRARY} if the library is required
     *     ({@code -Dfermata.native=required}) but cannot be loaded
     */
    public ContinuationActionExecutor build() {
      return new ContinuationActionExecutor(options.check());
    }
  }
}
