// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.SuspendingFuture;
import dev.fermata.internal.ambient.AmbientContext;
import dev.fermata.internal.bridge.Verdict;
import dev.fermata.internal.observe.ExecutorMetrics;
import dev.fermata.internal.observe.Gauges;
import dev.fermata.internal.strategy.BareThread;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * The workers for calls of no action where there is no native engine: threads of the JDK. Owns them
 * and the open calls until {@link #close}; thread-safe.
 */
final class CallPool {
  private final ExecutorMetrics metrics;
  private final long closeTimeoutNanos;
  private final ThreadPoolExecutor threads;
  private final Set<PooledCall<?>> open = ConcurrentHashMap.newKeySet();

  CallPool(ExecutorOptions options, ExecutorMetrics metrics) {
    this.metrics = metrics;
    closeTimeoutNanos = Deadlines.nanos(options.closeTimeout());
    AtomicInteger started = new AtomicInteger();
    threads =
        new ThreadPoolExecutor(
            options.asyncThreads(),
            options.asyncThreads(),
            // A core thread that may end needs a time to live.
            Math.max(1, Deadlines.nanos(options.keepAlive())),
            TimeUnit.NANOSECONDS,
            new LinkedBlockingQueue<>(options.queueCapacity()),
            task ->
                BareThread.daemon(task, options.threadName() + "-" + started.incrementAndGet()));
    threads.allowCoreThreadTimeOut(true);
  }

  <T> CompletableFuture<T> submit(Supplier<? extends T> supplier, long deadlineNanos) {
    Call<T> call = new Call<>(supplier, AmbientContext.capture(), metrics);
    PooledCall<T> pooled = new PooledCall<>(call);
    open.add(pooled);
    try {
      threads.execute(pooled);
    } catch (RejectedExecutionException refused) {
      open.remove(pooled);
      if (threads.isShutdown()) {
        throw Closing.closed();
      }
      metrics.callBackpressured();
      throw call.queueFull();
    } catch (OutOfMemoryError noThread) {
      open.remove(pooled);
      throw new FermataException(
          ErrorKind.THREAD_SPAWN,
          call.describe()
              + " was not taken: the system refused a thread for it; allow fewer threads, or raise"
              + " the limit of threads (ulimit -u, pids cgroup)",
          noThread);
    }
    if (threads.isShutdown()) {
      pooled.end(Verdict.OUTCOME_ABORTED);
    } else if (deadlineNanos > 0) {
      pooled.expireIn(deadlineNanos);
    }
    return pooled;
  }

  Gauges gauges() {
    long[] values = new long[Gauges.COUNT];
    values[0] = open.size();
    values[1] = threads.getQueue().size();
    values[2] = threads.getActiveCount();
    values[5] = threads.getPoolSize();
    return new Gauges(values);
  }

  /** Aborts the open calls, and waits for the threads as long as the close timeout allows. */
  void close() {
    threads.shutdown();
    // Or a thread that is interrupted for its call's abort would take the next.
    threads.getQueue().clear();
    open.forEach(call -> call.end(Verdict.OUTCOME_ABORTED));
    long end = System.nanoTime() + closeTimeoutNanos;
    Interruption interruption = new Interruption();
    interruption.during(
        () -> threads.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS));
    interruption.restore();
  }

  /** One call; whoever decides its outcome completes it. */
  private final class PooledCall<T> extends SuspendingFuture<T> implements Runnable {
    private final Call<T> call;
    private final AtomicInteger outcome = new AtomicInteger(Verdict.OUTCOME_OPEN);
    private volatile Future<?> deadline;

    PooledCall(Call<T> call) {
      this.call = call;
    }

    void expireIn(long nanos) {
      deadline = InPlaceDeadlines.schedule(() -> end(Verdict.OUTCOME_TIMED_OUT), nanos);
      if (outcome.get() != Verdict.OUTCOME_OPEN) {
        deadline.cancel(false);
      }
    }

    @Override
    public void run() {
      int how = call.run();
      if (outcome.compareAndSet(Verdict.OUTCOME_OPEN, how)) {
        settle(how);
      }
    }

    void end(int how) {
      if (outcome.compareAndSet(Verdict.OUTCOME_OPEN, how)) {
        call.interrupt();
        threads.remove(this);
        settle(how);
      }
    }

    private void settle(int how) {
      open.remove(this);
      Future<?> timer = deadline;
      if (timer != null) {
        timer.cancel(false);
      }
      Throwable failure = call.failure(how);
      if (failure == null) {
        complete(call.value());
      } else {
        completeExceptionally(failure);
      }
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      boolean cancelled = super.cancel(mayInterruptIfRunning);
      end(Verdict.OUTCOME_CANCELLED);
      return cancelled;
    }
  }
}
