// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.FermataExecutorMXBean.SuspendedAction;
import dev.fermata.Strategy;
import dev.fermata.internal.ambient.AmbientContext;
import dev.fermata.internal.bridge.Verdict;
import dev.fermata.internal.observe.ExecutorMetrics;
import dev.fermata.internal.observe.FlightEvents;
import dev.fermata.internal.observe.Gauges;
import dev.fermata.internal.strategy.Pin;
import dev.fermata.internal.strategy.Strategies;
import dev.fermata.internal.strategy.SuspendableAction;
import dev.fermata.internal.strategy.SuspensionStrategy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs actions slice by slice over one native engine, whatever the suspension strategy.
 *
 * <p>Owns the engine, the strategy and, through {@link Upcalls}, the actions in flight. The slice
 * lock is held while a slice runs: action code of one owner runs one at a time, and {@link Closing}
 * waits for it. {@code cancel}, {@code close} and the engine's upcalls come from any thread,
 * everything else from the owner or from inside the action.
 */
public final class SuspendingExecution implements ActionExecution {
  private static final Logger LOG = LoggerFactory.getLogger(SuspendingExecution.class);

  private final String executorName;
  private final SuspensionStrategy strategy;
  private final String reason;
  private final Engine engine;
  private final Upcalls upcalls;
  private final Calls calls;
  private final Closing closing;
  private final ExecutorMetrics metrics;
  private final InPlaceExecution virtualOwners;
  private final ReentrantLock slice = new ReentrantLock();
  private final PinnedCalls pinned;

  /**
   * Actions run on their owner's own thread: what surrounds it changes with each slice. A thread of
   * the action's own keeps what is set on it.
   */
  private final boolean ownersThread;

  private final long[] drained = new long[256];
  private volatile ActionState running;

  /**
   * Starts an engine without threads.
   *
   * @param options of the executor
   * @param strategy owned by this execution from now on
   * @param reason why this strategy is used, a sentence
   * @param metrics where calls and actions are counted
   */
  public SuspendingExecution(
      ExecutorOptions options,
      SuspensionStrategy strategy,
      String reason,
      ExecutorMetrics metrics) {
    executorName = options.threadName();
    this.strategy = strategy;
    this.reason = reason;
    this.metrics = metrics;
    upcalls = new Upcalls(executorName, options.waker());
    engine = new Engine(upcalls, options);
    calls = new Calls(engine, upcalls, metrics, executorName);
    closing = new Closing(this, engine, upcalls, strategy, slice, options);
    ownersThread = strategy.kind() == Strategy.CONTINUATION;
    pinned = new PinnedCalls(executorName, metrics);
    virtualOwners = new InPlaceExecution(options, "The owner is a virtual thread.", metrics);
  }

  @Override
  public Strategy strategy() {
    return strategy.kind();
  }

  @Override
  public String reason() {
    return reason;
  }

  @Override
  public boolean executeAction(ActionState state, Runnable body) {
    closing.requireOpen();
    if (isInside()) {
      throw Closing.inside("executeAction");
    }
    if (Strategies.isVirtual(Thread.currentThread())) {
      return virtualOwners.executeAction(state, body);
    }
    if (!slice.tryLock()) {
      throw new IllegalStateException(
          "another thread runs an action of this executor; one owner runs one action at a time");
    }
    try {
      closing.requireOpen();
      strategy.checkOwner();
      if (state.bind(this)) {
        return start(state, body);
      }
      if (!state.isBoundTo(this)) {
        throw new IllegalStateException("the context runs an action of another executor");
      }
      return resume(state);
    } finally {
      slice.unlock();
    }
  }

  private boolean start(ActionState state, Runnable body) {
    long id = -1;
    try {
      id = engine.createContext(strategy.resumedByUnpark());
      long context = id;
      state.bodyType = body.getClass();
      state.ambient = AmbientContext.capture();
      state.begin(id, strategy.start(() -> runBody(state, body), () -> engine.unparked(context)));
      // Before the engine is asked, which close makes refuse: so close finds what it let in.
      upcalls.contexts.put(state);
      engine.beginSlice(id);
    } catch (Throwable failed) {
      forget(state, id);
      throw failed;
    }
    metrics.actionStarted();
    LOG.debug("Action {} starts: {}", id, state.bodyType);
    return runSlices(state);
  }

  private void forget(ActionState state, long id) {
    if (id != -1) {
      upcalls.contexts.remove(state);
      engine.releaseContext(id);
    }
    state.unbind();
  }

  private void runBody(ActionState state, Runnable body) {
    AmbientContext before = ownersThread ? null : state.ambient.swapIn();
    ActionState outer = ownersThread ? null : CurrentAction.enter(state);
    try {
      body.run();
    } catch (Throwable thrown) {
      state.failure = thrown;
    } finally {
      if (!ownersThread) {
        CurrentAction.exit(outer);
        before.swapIn();
      }
    }
  }

  /**
   * Runs slices of an action that is ready until it is suspended or ended. The caller holds the
   * slice lock.
   *
   * @return whether it ended; what it threw is thrown
   */
  boolean resume(ActionState state) {
    return engine.beginSlice(state.id()) != Verdict.BEGIN_NOT_READY && runSlices(state);
  }

  private boolean runSlices(ActionState state) {
    long id = state.id();
    while (true) {
      boolean ended = runSlice(state);
      int verdict = engine.endSlice(id, ended);
      if (verdict == Verdict.END_FINISHED) {
        finish(state);
        return true;
      }
      if (verdict == Verdict.END_SUSPENDED || closing.isOver()) {
        LOG.debug("Action {} is suspended", id);
        return false;
      }
      engine.beginSlice(id);
    }
  }

  private boolean runSlice(ActionState state) {
    SuspendableAction action = state.action();
    AmbientContext owner = ownersThread ? state.ambient.swapIn() : null;
    ActionState outer = ownersThread ? CurrentAction.enter(state) : null;
    FlightEvents.Interval recorded = FlightEvents.resume(executorName, state.bodyType);
    running = state;
    try {
      return action.runSlice();
    } catch (IllegalStateException | OutOfMemoryError notBegun) {
      state.failure = notBegun(notBegun);
      return true;
    } finally {
      recorded.end("slice over");
      running = null;
      if (ownersThread) {
        CurrentAction.exit(outer);
        state.ambient = owner.swapIn();
      }
    }
  }

  /** What the first slice throws if the strategy could not begin it. */
  private static Throwable notBegun(Throwable cause) {
    return cause instanceof OutOfMemoryError
        ? new FermataException(
            ErrorKind.THREAD_SPAWN,
            "The action has not begun: the system refused a thread for it; have fewer actions at"
                + " once, or raise the limit of threads (ulimit -u, pids cgroup)",
            cause)
        : cause;
  }

  private void finish(ActionState state) {
    Throwable failure = state.failure;
    LOG.debug("Action {} ended", state.id(), failure);
    state.endSubmitted();
    forget(state, state.id());
    metrics.actionFinished();
    if (failure != null) {
      throw CallSite.<RuntimeException>unchecked(failure);
    }
  }

  @Override
  public <T> T executeAsync(ActionState state, Supplier<? extends T> supplier, long deadlineNanos) {
    Pin pin = pin(state);
    return pin == Pin.NONE
        ? calls.call(state, supplier, deadlineNanos)
        : pinned.run(pin, state, () -> InPlaceCall.run(state, supplier, deadlineNanos, metrics));
  }

  @Override
  public <T> List<T> gather(
      ActionState state, List<? extends Supplier<? extends T>> suppliers, long deadlineNanos) {
    if (suppliers.isEmpty()) {
      return List.of();
    }
    Pin pin = pin(state);
    return pin == Pin.NONE
        ? calls.gather(state, suppliers, deadlineNanos)
        : pinned.run(
            pin,
            state,
            () -> InPlaceExecution.gatherInPlace(state, suppliers, deadlineNanos, metrics));
  }

  @Override
  public <T> CompletableFuture<T> submit(
      ActionState state, Supplier<? extends T> supplier, long deadlineNanos) {
    Pin pin = pin(state);
    return pin == Pin.NONE
        ? calls.submit(state, supplier, deadlineNanos)
        : pinned.run(
            pin,
            state,
            () -> InPlaceExecution.submitInPlace(state, supplier, deadlineNanos, metrics));
  }

  @Override
  public <T> CompletableFuture<T> submit(Supplier<? extends T> supplier, long deadlineNanos) {
    closing.requireOpen();
    return calls.submit(supplier, deadlineNanos);
  }

  @Override
  public <T> T await(ActionState state, CompletableFuture<? extends T> stage, long deadlineNanos) {
    Pin pin = pin(state);
    return pin == Pin.NONE
        ? calls.await(state, stage, deadlineNanos)
        : pinned.run(
            pin,
            state,
            () -> InPlaceCall.run(state, new StageResult<>(stage), deadlineNanos, metrics));
  }

  @Override
  public void sleep(ActionState state, long nanos) {
    Pin pin = pin(state);
    if (pin == Pin.NONE) {
      calls.sleep(state, nanos);
    } else {
      pinned.run(pin, state, () -> InPlaceExecution.sleepInPlace(state, nanos, metrics));
    }
  }

  /** Why a supplier has to run where it is called; checks that it may be called there at all. */
  private Pin pin(ActionState state) {
    if (state.isBoundTo(this) && isInsideAction(state)) {
      closing.throwIfAborting(state.action());
      return state.action().pin();
    }
    if (Call.isInsideCallOf(metrics)) {
      return Pin.NESTED_CALL;
    }
    if (virtualOwners.isRunning(state)) {
      return Pin.VIRTUAL_OWNER;
    }
    closing.requireOpen();
    throw Closing.outside();
  }

  private static boolean isInsideAction(ActionState state) {
    SuspendableAction action = state.action();
    return action != null && action.isCurrent();
  }

  @Override
  public void cancel(ActionState state) {
    virtualOwners.cancel(state);
    if (state.isBoundTo(this)) {
      // Looked up first: afterwards it may be that of the next action of the context. A wait that
      // begins in between ends by itself.
      long id = state.id();
      CallWait wait = state.currentWait();
      state.markEnded(Verdict.OUTCOME_CANCELLED);
      // Before the action is woken, which may wait for one of them: it is to see how that ended.
      state.endSubmitted();
      engine.cancelContext(id);
      calls.cancelAll(wait);
      state.endInPlaceCall(Verdict.OUTCOME_CANCELLED);
    }
  }

  @Override
  public boolean awaitReady(Duration limit) throws InterruptedException {
    return upcalls.readySignal.await(this::hasReady, limit);
  }

  @Override
  public boolean hasReady() {
    return engine.hasReady();
  }

  @Override
  public List<ActionState> drainReady() {
    if (closing.isBegun()) {
      return List.of();
    }
    List<ActionState> ready = new ArrayList<>();
    int count;
    do {
      count = engine.drainReady(drained);
      for (int i = 0; i < count; i++) {
        ActionState state = upcalls.contexts.get(drained[i]);
        if (state != null) {
          ready.add(state);
        }
      }
    } while (count == drained.length);
    return ready;
  }

  @Override
  public Gauges gauges() {
    long[] values = new long[Gauges.COUNT];
    engine.gauges(values);
    return new Gauges(values);
  }

  @Override
  public List<SuspendedAction> suspendedActions(int max) {
    Map<ActionState, Long> ages = new HashMap<>();
    upcalls.contexts.forEach(
        state -> {
          CallWait wait = state.currentWait();
          if (wait != null) {
            ages.put(state, wait.ageNanos());
          }
        });
    List<SuspendedAction> views = new ArrayList<>();
    // By age first: taking the picture walks the action's stack.
    ages.entrySet().stream()
        .sorted(Map.Entry.<ActionState, Long>comparingByValue().reversed())
        .limit(max)
        .map(entry -> entry.getKey().view())
        .filter(Objects::nonNull)
        .forEach(views::add);
    return views;
  }

  /** Empties the port: closing looks at every action anyway. */
  void discardReady() {
    while (engine.drainReady(drained) == drained.length) {}
  }

  /** Interrupts the action that runs now, if one does. */
  void interruptRunning() {
    ActionState current = running;
    SuspendableAction action = current == null ? null : current.action();
    if (action != null) {
      action.interrupt();
    }
  }

  @Override
  public boolean isInside() {
    ActionState current = running;
    return virtualOwners.isInside() || (current != null && isInsideAction(current));
  }

  @Override
  public void close() {
    if (isInside()) {
      throw Closing.inside("close");
    }
    virtualOwners.close();
    closing.close();
  }
}
