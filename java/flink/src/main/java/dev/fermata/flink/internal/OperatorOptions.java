// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import dev.fermata.flink.CallOptions;
import dev.fermata.flink.FermataOptions;
import dev.fermata.flink.OnChangedCalls;
import dev.fermata.flink.RetryPolicy;
import dev.fermata.flink.journal.JournalHome;
import dev.fermata.journal.Level;
import java.io.Serializable;
import java.time.Duration;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.streaming.api.datastream.AsyncDataStream.OutputMode;
import org.apache.flink.util.OutputTag;

/**
 * The options of one operator, checked. Immutable; travels with the job graph.
 *
 * @param <IN> type of the elements
 */
public final class OperatorOptions<IN> implements Serializable {
  private static final long serialVersionUID = 1L;

  final int capacity;
  final int asyncThreads;
  final OutputMode outputMode;
  final CallOptions callOptions;
  final OnChangedCalls onChangedCalls;
  final Duration closeTimeout;
  final String eventLog;
  final OutputTag<Tuple2<IN, String>> deadLetters;

  /** Null for no journal. */
  final String journalFolder;

  final Level journalLevel;
  final Duration journalRetention;

  /**
   * Reads and checks the options.
   *
   * @param config of the job, with what is set for the operator over it
   * @param retry instead of what {@code config} says, or null
   * @param deadLetters side output, or null
   * @throws IllegalArgumentException if an option is out of its range; the message names it
   */
  public OperatorOptions(
      ReadableConfig config, RetryPolicy retry, OutputTag<Tuple2<IN, String>> deadLetters) {
    capacity = atLeastOne(config, FermataOptions.CAPACITY);
    asyncThreads = atLeastOne(config, FermataOptions.NUM_ASYNC_THREADS);
    outputMode = config.get(FermataOptions.OUTPUT_MODE);
    Duration deadline = config.get(FermataOptions.CALL_DEADLINE);
    RetryPolicy policy = retry == null ? retryOf(config) : retry;
    CallOptions withRetry = CallOptions.create().retry(policy);
    callOptions = deadline == null ? withRetry : withRetry.deadline(deadline);
    onChangedCalls = config.get(FermataOptions.ON_CHANGED_CALLS);
    closeTimeout = config.get(FermataOptions.CLOSE_TIMEOUT);
    if (closeTimeout.isNegative()) {
      throw outOfRange(FermataOptions.CLOSE_TIMEOUT, "must not be negative", closeTimeout);
    }
    eventLog = config.get(FermataOptions.EVENT_LOG);
    this.deadLetters = deadLetters;
    String folder = config.get(FermataOptions.JOURNAL_FOLDER);
    journalFolder =
        folder == null
            ? null
            : JournalHome.root(FermataOptions.JOURNAL_FOLDER.key(), folder).toString();
    journalLevel = config.get(FermataOptions.JOURNAL_LEVEL);
    if (journalLevel == Level.MEMORY) {
      throw outOfRange(
          FermataOptions.JOURNAL_LEVEL, "must be OS or DISK, to outlive the process", journalLevel);
    }
    journalRetention = config.get(FermataOptions.JOURNAL_RETENTION);
    if (journalRetention.isNegative()) {
      throw outOfRange(FermataOptions.JOURNAL_RETENTION, "must not be negative", journalRetention);
    }
    if (onChangedCalls == OnChangedCalls.DEAD_LETTER && deadLetters == null) {
      throw outOfRange(
          FermataOptions.ON_CHANGED_CALLS,
          "needs a side output: set DurableOptions.deadLetters",
          onChangedCalls);
    }
  }

  private static RetryPolicy retryOf(ReadableConfig config) {
    int attempts = atLeastOne(config, FermataOptions.CALL_ATTEMPTS);
    Duration first = config.get(FermataOptions.CALL_RETRY_DELAY);
    Duration longest = config.get(FermataOptions.CALL_RETRY_MAX_DELAY);
    if (first.isNegative() || longest.compareTo(first) < 0) {
      throw outOfRange(
          FermataOptions.CALL_RETRY_DELAY,
          "must be between 0 and " + FermataOptions.CALL_RETRY_MAX_DELAY.key() + " = " + longest,
          first);
    }
    return RetryPolicy.exponential(attempts, first, longest);
  }

  private static int atLeastOne(ReadableConfig config, ConfigOption<Integer> option) {
    int value = config.get(option);
    if (value < 1) {
      throw outOfRange(option, "must be at least 1", value);
    }
    return value;
  }

  private static IllegalArgumentException outOfRange(
      ConfigOption<?> option, String rule, Object value) {
    return new IllegalArgumentException(option.key() + " " + rule + ", but is " + value);
  }
}
