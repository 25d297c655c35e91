// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import dev.fermata.Strategy;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Plays the executor for a strategy under test: runs actions slice by slice on the thread that
 * calls {@link #runAll()}, and their calls on a pool, or in place where an action is pinned.
 */
final class Owner implements AutoCloseable {
  private final SuspensionStrategy strategy;
  private final ExecutorService pool = Executors.newFixedThreadPool(4);
  private final Queue<Action> ready = new ConcurrentLinkedQueue<>();
  private final AtomicInteger open = new AtomicInteger();
  private volatile Thread thread;
  private volatile Throwable failure;
  final AtomicInteger suspends = new AtomicInteger();
  final AtomicInteger pinned = new AtomicInteger();

  Owner(Strategy kind) {
    this.strategy = WorkingStrategies.create(kind);
  }

  /** Hands over an action; any thread. */
  Action submit(Consumer<Action> body) {
    Action action = new Action(body);
    open.incrementAndGet();
    action.makeReady();
    return action;
  }

  /** Runs what was and is submitted until all of it has ended; throws what an action threw. */
  void runAll() {
    thread = Thread.currentThread();
    while (open.get() > 0) {
      Action action = ready.poll();
      if (action == null) {
        LockSupport.park(this);
      } else {
        action.runSlice();
      }
    }
    if (failure != null) {
      throw new AssertionError("an action failed", failure);
    }
  }

  @Override
  public void close() {
    strategy.close();
    pool.shutdown();
  }

  /** One action; what is called in it is called by its own code. */
  final class Action {
    private final Consumer<Action> body;
    private final Promise<Void> end = new Promise<>();
    private SuspendableAction suspendable;
    private boolean ended;

    private Action(Consumer<Action> body) {
      this.body = body;
    }

    /** Completes when this action has ended. */
    Promise<Void> end() {
      return end;
    }

    /** Runs a supplier on the pool while the action is suspended, or in place. */
    <T> T call(Supplier<T> supplier) {
      if (suspendable.pin() != Pin.NONE) {
        pinned.incrementAndGet();
        return supplier.get();
      }
      Promise<T> result = new Promise<>();
      pool.execute(() -> result.complete(supplier.get()));
      return await(result);
    }

    <T> T await(Promise<T> promise) {
      promise.waiter(this);
      while (!promise.isDone()) {
        suspends.incrementAndGet();
        if (!suspendable.suspend()) {
          throw new AssertionError("refused although pin() said " + suspendable.pin());
        }
      }
      suspendable.resumed();
      return promise.value;
    }

    Pin pin() {
      return suspendable.pin();
    }

    private void makeReady() {
      ready.add(this);
      LockSupport.unpark(thread);
    }

    private void goOn() {
      if (strategy.resumedByUnpark()) {
        suspendable.wake();
      } else {
        makeReady();
      }
    }

    private void runSlice() {
      if (suspendable == null) {
        suspendable = strategy.start(this::run, this::makeReady);
      }
      if (!ended && suspendable.runSlice()) {
        ended = true;
        open.decrementAndGet();
      }
    }

    private void run() {
      try {
        body.accept(this);
      } catch (Throwable thrown) {
        failure = thrown;
      } finally {
        end.complete(null);
      }
    }
  }

  /** A value that an action can wait for. */
  static final class Promise<T> {
    private T value;
    private boolean done;
    private Action waiter;

    void complete(T result) {
      Action waiting;
      synchronized (this) {
        value = result;
        done = true;
        waiting = waiter;
      }
      if (waiting != null) {
        waiting.goOn();
      }
    }

    private synchronized boolean isDone() {
      return done;
    }

    private synchronized void waiter(Action action) {
      waiter = action;
    }
  }
}
