// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import dev.fermata.flink.internal.OperatorOptions;
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

  OperatorOptions<IN> resolve(ReadableConfig job) {
    Configuration merged = new Configuration();
    merged.addAll(Configuration.fromMap(job.toMap()));
    merged.addAll(explicit);
    return new OperatorOptions<>(merged, retry, deadLetters);
  }
}
