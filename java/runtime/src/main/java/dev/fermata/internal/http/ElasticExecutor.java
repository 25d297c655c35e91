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
  private final Set<Worker> workers = new HashSet<>();
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
      start(new Thread(null, this::watch, name + "-watch", 0, false));
      watched = true;
    } else if (!watching) {
      stalled.signal();
    }
  }

  private void addWorker() {
    Worker worker = new Worker(name + "-worker-" + numbered++);
    start(worker);
    workers.add(worker);
  }

  private void start(Thread thread) {
    thread.setDaemon(true);
    thread.setContextClassLoader(loader);
    thread.start();
  }

  /** Runs tasks until there are none for a while. */
  private final class Worker extends Thread {
    private volatile boolean hasTask;

    Worker(String name) {
      super(null, null, name, 0, false);
    }

    @Override
    public void run() {
      for (Runnable task = next(); task != null; task = next()) {
        hasTask = true;
        try {
          task.run();
        } catch (Throwable thrown) {
          getUncaughtExceptionHandler().uncaughtException(this, thrown);
        }
        hasTask = false;
      }
    }

    /** Whether its task waits for something, unlike one that is short of a processor. */
    boolean isHeldUp() {
      return hasTask && getState() != State.RUNNABLE;
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
        if (isStalled && (stalls >= LONG_STALL || workers.stream().allMatch(Worker::isHeldUp))) {
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

  private void addWorkers() {
    int added = Math.min(workers.size(), tasks.size());
    for (int i = 0; i < added; i++) {
      addWorker();
    }
  }
}
