// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import dev.fermata.flink.internal.OperatorOptions;
import dev.fermata.journal.Level;
import java.time.Duration;
import java.util.Objects;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.streaming.api.datastream.AsyncDataStream.OutputMode;
import org.apache.flink.util.OutputTag;

/**
 * Options of one operator. What is not set here comes from the job's configuration, see {@link
 * FermataOptions}. Not thread-safe.
 *
 * @param <IN> type of the elements
 */
public final class DurableOptions<IN> {
  private final Configuration explicit = new Configuration();
  private RetryPolicy retry;
  private OutputTag<Tuple2<IN, String>> deadLetters;

  private DurableOptions() {}

  /**
   * Returns options where nothing is set.
   *
   * @param <IN> type of the elements
   * @return new options
   */
  public static <IN> DurableOptions<IN> create() {
    return new DurableOptions<>();
  }

  /**
   * Sets the most elements in flight in one subtask; at that many it takes no further element until
   * one is done. After a restore with less parallelism there may be more for a while, of which this
   * many run at a time; timers that are due are never refused.
   *
   * @param elements at least 1
   * @return this object
   */
  public DurableOptions<IN> capacity(int elements) {
    explicit.set(FermataOptions.CAPACITY, elements);
    return this;
  }

  /**
   * Sets the most threads that make calls, in one subtask.
   *
   * @param threads at least 1
   * @return this object
   */
  public DurableOptions<IN> asyncThreads(int threads) {
    explicit.set(FermataOptions.NUM_ASYNC_THREADS, threads);
    return this;
  }

  /**
   * Sets whether output keeps the order of the elements. In both modes the elements of a key keep
   * theirs, and watermarks never overtake the elements before them.
   *
   * @param mode in order, or each as soon as it is done
   * @return this object
   */
  public DurableOptions<IN> outputMode(OutputMode mode) {
    explicit.set(FermataOptions.OUTPUT_MODE, mode);
    return this;
  }

  /**
   * Sets the longest time of each attempt of a call that names none.
   *
   * @param limit positive
   * @return this object
   */
  public DurableOptions<IN> callDeadline(Duration limit) {
    explicit.set(FermataOptions.CALL_DEADLINE, limit);
    return this;
  }

  /**
   * Sets which failed calls are made again, unless the call says so itself.
   *
   * @param policy instead of the three options of the configuration
   * @return this object
   */
  public DurableOptions<IN> callRetry(RetryPolicy policy) {
    retry = Objects.requireNonNull(policy, "policy");
    return this;
  }

  /**
   * Sets what becomes of elements in flight whose recorded calls do not fit the function.
   *
   * @param policy see its values
   * @return this object
   */
  public DurableOptions<IN> onChangedCalls(OnChangedCalls policy) {
    explicit.set(FermataOptions.ON_CHANGED_CALLS, policy);
    return this;
  }

  /**
   * Sets a side output for elements that gave up: whose function threw a {@link
   * CallFailedException} (or something caused by one) instead of catching it. They come with the
   * reason, none of their writes and output takes effect, and the task goes on. Other exceptions
   * fail the task, and so does each of a timer.
   *
   * @param tag element and reason
   * @return this object
   */
  public DurableOptions<IN> deadLetters(OutputTag<Tuple2<IN, String>> tag) {
    deadLetters = Objects.requireNonNull(tag, "tag");
    return this;
  }

  /**
   * Sets the longest time that closing waits for calls and functions to heed their interrupt.
   *
   * @param timeout not negative
   * @return this object
   */
  public DurableOptions<IN> closeTimeout(Duration timeout) {
    explicit.set(FermataOptions.CLOSE_TIMEOUT, timeout);
    return this;
  }

  /**
   * Sets where each subtask writes what happens to its elements and calls.
   *
   * @param folder on each task manager; made if absent
   * @return this object
   */
  public DurableOptions<IN> eventLog(String folder) {
    explicit.set(FermataOptions.EVENT_LOG, folder);
    return this;
  }

  /**
   * Keeps each call that has finished in a journal, from then until a checkpoint has it: after a
   * failure it is not made again. A function goes on after a call when its record is durable; no
   * thread waits for that.
   *
   * <p>An element that comes again after a failure is known by its key, timestamp and serialized
   * form, and among equal ones of a key by their order; so elements must be the same ones, byte by
   * byte, when sources send them again. Calls are compared with their records by kind, name, type,
   * {@link DurableFunction#version} and what the function has read from keyed state until then. A
   * call whose record differs is made again, and so are those after it; that is logged, and counted
   * in the metric {@code missedRecords}.
   *
   * <p>The operator fails to start if the folder cannot be written or there is no native library.
   * When a record cannot be written later, because the storage is full or gone, the job goes on and
   * logs an error: the call is in the next checkpoint. The metric {@code failedRecords} counts such
   * records.
   *
   * <p>The journals of a job stay in {@code folder/<job id>} when it ends, for it may be restored
   * from a checkpoint, also as a job with another id. Remove that folder with its checkpoints.
   *
   * @param folder on storage that all task managers share and that behaves as a local file system
   *     does, such as NFS: an absolute path or a {@code file:} URI; made if absent
   * @return this object
   */
  public DurableOptions<IN> journal(String folder) {
    explicit.set(FermataOptions.JOURNAL_FOLDER, folder);
    return this;
  }

  /**
   * Sets what has to have happened to the record of a call before its function goes on.
   *
   * @param level {@link Level#OS} or, by default, {@link Level#DISK}
   * @return this object
   */
  public DurableOptions<IN> journalLevel(Level level) {
    explicit.set(FermataOptions.JOURNAL_LEVEL, level);
    return this;
  }

  /**
   * Sets how long after a restart the calls of an element are kept that does not come again.
   *
   * @param time longer than it takes a restored job to catch up; not negative
   * @return this object
   */
  public DurableOptions<IN> journalRetention(Duration time) {
    explicit.set(FermataOptions.JOURNAL_RETENTION, time);
    return this;
  }

  OperatorOptions<IN> resolve(ReadableConfig job) {
    Configuration merged = new Configuration();
    merged.addAll(Configuration.fromMap(job.toMap()));
    merged.addAll(explicit);
    return new OperatorOptions<>(merged, retry, deadLetters);
  }
}
