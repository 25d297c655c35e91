// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import dev.fermata.journal.Level;
import java.time.Duration;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.streaming.api.datastream.AsyncDataStream.OutputMode;

/**
 * Options of the operator, read from the job's configuration when the job graph is built; {@link
 * DurableOptions} overrides them for one operator.
 */
public final class FermataOptions {
  /** See {@link DurableOptions#capacity}. */
  public static final ConfigOption<Integer> CAPACITY =
      ConfigOptions.key("fermata.capacity")
          .intType()
          .defaultValue(256)
          .withDescription(
              "Most elements in flight in one subtask. At that many it takes no further element"
                  + " until one is done. On Java 11 to 20 each element that waits holds a thread.");

  /** See {@link DurableOptions#asyncThreads}. */
  public static final ConfigOption<Integer> NUM_ASYNC_THREADS =
      ConfigOptions.key("fermata.num-async-threads")
          .intType()
          .defaultValue(2 * Runtime.getRuntime().availableProcessors())
          .withDescription(
              "Most threads that make calls, in one subtask. Default: twice the processors of the"
                  + " machine that builds the job graph.");

  /** See {@link DurableOptions#outputMode}. */
  public static final ConfigOption<OutputMode> OUTPUT_MODE =
      ConfigOptions.key("fermata.output-mode")
          .enumType(OutputMode.class)
          .defaultValue(OutputMode.UNORDERED)
          .withDescription(
              "ORDERED: output in the order of the elements. UNORDERED: output of an element as soon"
                  + " as it is done, in order for each key, never across a watermark.");

  /** See {@link CallOptions#deadline(Duration)}. */
  public static final ConfigOption<Duration> CALL_DEADLINE =
      ConfigOptions.key("fermata.call.deadline")
          .durationType()
          .noDefaultValue()
          .withDescription("Longest time of each attempt of a call. Default: none.");

  /** See {@link RetryPolicy}. */
  public static final ConfigOption<Integer> CALL_ATTEMPTS =
      ConfigOptions.key("fermata.call.attempts")
          .intType()
          .defaultValue(1)
          .withDescription("Most attempts of a call.");

  /** See {@link RetryPolicy}. */
  public static final ConfigOption<Duration> CALL_RETRY_DELAY =
      ConfigOptions.key("fermata.call.retry-delay")
          .durationType()
          .defaultValue(Duration.ofSeconds(1))
          .withDescription("Wait before the second attempt; doubled before each further one.");

  /** See {@link RetryPolicy}. */
  public static final ConfigOption<Duration> CALL_RETRY_MAX_DELAY =
      ConfigOptions.key("fermata.call.retry-max-delay")
          .durationType()
          .defaultValue(Duration.ofMinutes(1))
          .withDescription("Longest wait between two attempts.");

  /** See {@link OnChangedCalls}. */
  public static final ConfigOption<OnChangedCalls> ON_CHANGED_CALLS =
      ConfigOptions.key("fermata.on-changed-calls")
          .enumType(OnChangedCalls.class)
          .defaultValue(OnChangedCalls.FAIL)
          .withDescription(
              "What becomes of an element in flight whose recorded calls do not fit the function:"
                  + " FAIL the task, RESTART the element (its calls are made again), DEAD_LETTER.");

  /** See {@link dev.fermata.ContinuationActionExecutor.Builder#closeTimeout}. */
  public static final ConfigOption<Duration> CLOSE_TIMEOUT =
      ConfigOptions.key("fermata.close-timeout")
          .durationType()
          .defaultValue(Duration.ofSeconds(10))
          .withDescription(
              "Longest time that closing waits for calls and functions to heed their interrupt.");

  /** Folder of the event log. */
  public static final ConfigOption<String> EVENT_LOG =
      ConfigOptions.key("fermata.event-log")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Folder on each task manager for a file per subtask and attempt that tells of elements"
                  + " and calls, one JSON object a line. Default: none, nothing is written.");

  /** See {@link DurableOptions#journal}. */
  public static final ConfigOption<String> JOURNAL_FOLDER =
      ConfigOptions.key("fermata.journal.folder")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "Folder on storage that all task managers share, an absolute path or a file: URI, where"
                  + " finished calls are kept between checkpoints, so that a failure repeats none of"
                  + " them. Each job has a folder of its own in there. Default: none, calls are kept"
                  + " at checkpoints only.");

  /** What has to have happened to a call's record before the function sees the result. */
  public static final ConfigOption<Level> JOURNAL_LEVEL =
      ConfigOptions.key("fermata.journal.level")
          .enumType(Level.class)
          .defaultValue(Level.DISK)
          .withDescription(
              "When a call is kept in the journal. DISK: when it outlives the machine's loss of power."
                  + " OS: when it outlives the process.");

  /** How long calls wait for elements that do not come again. */
  public static final ConfigOption<Duration> JOURNAL_RETENTION =
      ConfigOptions.key("fermata.journal.retention")
          .durationType()
          .defaultValue(Duration.ofHours(1))
          .withDescription(
              "How long after a restart the calls of an element are kept that does not come again."
                  + " Longer than it takes a restored job to catch up.");

  private FermataOptions() {}
}
