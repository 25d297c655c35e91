// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import java.io.Serializable;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Watches a run in this JVM from its creation until {@link #stop}: its owners, their model calls,
 * how many reviews are done. The engine creates, stops and closes it, any thread may tell it
 * something.
 *
 * <p>Flink copies functions by serialization. A copy of a watch is the watch itself, until it is
 * closed: what a job's functions tell is told here.
 */
final class RunWatch implements Serializable, AutoCloseable {
  private static final long serialVersionUID = 1L;
  private static final Map<UUID, RunWatch> RUNNING = new ConcurrentHashMap<>();

  private final UUID id = UUID.randomUUID();
  private final transient ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private final transient Sampler sampler = new Sampler();
  private final transient Queue<CallLog> logs = new ConcurrentLinkedQueue<>();
  private final transient Runnable done;
  private final transient long startMillis = System.currentTimeMillis();
  private final transient long start = System.nanoTime();

  /**
   * @param done called for each review that is done
   */
  RunWatch(Runnable done) {
    this.done = done;
    threads.resetPeakThreadCount();
    RUNNING.put(id, this);
  }

  /**
   * Watches an owner thread.
   *
   * @param index of the owner among those of the run
   * @return notes the calls that its actions make
   */
  CallLog owner(int index, Thread thread) {
    sampler.add(thread);
    CallLog calls = new CallLog(index);
    logs.add(calls);
    return calls;
  }

  /** One more review is done. */
  void reviewDone() {
    done.run();
  }

  /** The moment of this {@link System#currentTimeMillis()}, as {@link System#nanoTime()}. */
  long nanoTime(long epochMillis) {
    return start + (epochMillis - startMillis) * 1_000_000;
  }

  /**
   * Ends watching.
   *
   * @param results of all reviews, in any order
   * @param checkpoints that were completed meanwhile
   */
  TriageRun stop(List<TriagedReview> results, List<TriageRun.Checkpoint> checkpoints) {
    long end = System.nanoTime();
    List<ModelCall> calls = new ArrayList<>();
    logs.forEach(log -> calls.addAll(log.calls()));
    calls.sort(Comparator.comparingLong(ModelCall::start));
    List<TriagedReview> ordered = new ArrayList<>(results);
    ordered.sort(Comparator.comparingInt(result -> result.review().index()));
    int replayed = logs.stream().mapToInt(CallLog::replayed).sum();
    return new TriageRun(
        ordered,
        start,
        end,
        calls,
        replayed,
        checkpoints,
        sampler.stop(),
        threads.getPeakThreadCount());
  }

  @Override
  public void close() {
    RUNNING.remove(id);
    sampler.close();
  }

  private Object writeReplace() {
    return new Name(id);
  }

  /** Stands for a watch in serialized functions. */
  private static final class Name implements Serializable {
    private static final long serialVersionUID = 1L;

    private final UUID id;

    private Name(UUID id) {
      this.id = id;
    }

    private Object readResolve() {
      return RUNNING.get(id);
    }
  }
}
