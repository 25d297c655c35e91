// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Runs tasks on as few threads as keep up with them: as many as there are processors, and more only
 * while those are all held up. A task may block, and may wait for tasks that come after it: when
 * for 10 ms no queued task was begun and all threads wait, or for a second though some run, the
 * number of threads is doubled. Threads that run are short of processors, not of threads; but one
 * that blocks in native code seems to run. Idle threads end after 10 seconds.
 *
 * <p>Threads are daemons, with the context class loader that the creator's thread had. Thread-safe.
 */
final class ElasticExecutor implements Executor {
  private static final int USUAL = Math.max(2, Runtime.getRuntime().availableProcessors());
  private static final long STALL = TimeUnit.MILLISECONDS.toNanos(10);
  private static final int LONG_STALL = 100;
  private static final long KEEP_ALIVE = TimeUnit.SECONDS.toNanos(10);

  private final String name;
  private final ClassLoader loader = Thread.currentThread().getContextClassLoader();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition queued = lock.newCondition();
  private final Condition stalled = lock.newCondition();
  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private final Set<Thread> workers = new HashSet<>();
  private int idle;
  private int numbered;
  private boolean waking;
  private boolean watched;
  private boolean watching;
  private long begun;
  private boolean shutdown;

  ElasticExecutor(String name) {
    this.name = name;
  }

  @Override
  public void execute(Runnable task) {
    lock.lock();
    try {
      if (shutdown) {
        throw new RejectedExecutionException("the client's executor is shut down");
      }
      tasks.add(task);
      wakeOne();
    } finally {
      lock.unlock();
    }
  }

  /** Lets queued tasks run, and threads end then. */
  void shutdown() {
    lock.lock();
    try {
      shutdown = true;
      queued.signalAll();
      stalled.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Sees to it that somebody looks at the queue. One wakes the next, so that bursts are cheap. */
  private void wakeOne() {
    if (idle > 0) {
      if (!waking) {
        waking = true;
        queued.signal();
      }
    } else if (workers.size() < USUAL) {
      addWorker();
    } else if (!watched) {
      thread("watch", this::watch).start();
      watched = true;
    } else if (!watching) {
      stalled.signal();
    }
  }

  private void addWorker() {
    Thread worker = thread("worker-" + numbered++, this::work);
    worker.start();
    workers.add(worker);
  }

  private Thread thread(String role, Runnable code) {
    Thread thread = new Thread(null, code, name + "-" + role, 0, false);
    thread.setDaemon(true);
    thread.setContextClassLoader(loader);
    return thread;
  }

  private void work() {
    for (Runnable task = next(); task != null; task = next()) {
      try {
        task.run();
      } catch (Throwable thrown) {
        Thread thread = Thread.currentThread();
        thread.getUncaughtExceptionHandler().uncaughtException(thread, thrown);
      }
    }
  }

  private Runnable next() {
    lock.lock();
    try {
      long left = KEEP_ALIVE;
      while (tasks.isEmpty()) {
        if (shutdown || left <= 0) {
          workers.remove(Thread.currentThread());
          return null;
        }
        idle++;
        try {
          left = queued.awaitNanos(left);
        } catch (InterruptedException meantForATask) {
          // Whatever task the interrupt was for is over.
        }
        idle--;
        waking = false;
      }
      begun++;
      Runnable task = tasks.remove();
      if (!tasks.isEmpty()) {
        wakeOne();
      }
      return task;
    } finally {
      lock.unlock();
    }
  }

  /** Adds threads as long as queued tasks do not begin. */
  private void watch() {
    lock.lock();
    try {
      long seen = begun;
      int stalls = 0;
      while (!shutdown) {
        watching = !tasks.isEmpty();
        boolean timedOut = stalled.awaitNanos(watching ? STALL : KEEP_ALIVE) <= 0;
        if (timedOut && !watching && tasks.isEmpty()) {
          break;
        }
        boolean isStalled = timedOut && watching && seen == begun && !tasks.isEmpty();
        stalls = isStalled ? stalls + 1 : 0;
        if (isStalled
            && (stalls >= LONG_STALL || workers.stream().noneMatch(ElasticExecutor::runs))) {
          addWorkers();
          stalls = 0;
        }
        seen = begun;
      }
    } catch (InterruptedException impossible) {
      Thread.currentThread().interrupt();
    } finally {
      watched = false;
      watching = false;
      lock.unlock();
    }
  }

  private static boolean runs(Thread worker) {
    return worker.getState() == Thread.State.RUNNABLE;
  }

  private void addWorkers() {
    int added = Math.min(workers.size(), tasks.size());
    for (int i = 0; i < added; i++) {
      addWorker();
    }
  }
}
