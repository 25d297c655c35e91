// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import dev.fermata.ContinuationContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.flink.util.OutputTag;

/**
 * An element, or a timer that is due, from its arrival until its output has left the operator: the
 * identity of its action, its record and what it will have changed when its function has returned.
 * Used on the task's side alone.
 *
 * @param <K> type of the keys
 * @param <IN> type of the elements
 */
final class InFlight<K, IN> extends ContinuationContext {
  /** What arrived. The order is part of the checkpoint's format. */
  enum Kind {
    ELEMENT,
    EVENT_TIMER,
    PROCESSING_TIMER
  }

  final Kind kind;
  final long sequence;
  final K key;
  final IN value;

  /** In milliseconds; null if it has none. Of a timer: when it was due. */
  final Long timestamp;

  final List<Emission<?>> output = new ArrayList<>();
  final PendingWrites writes = new PendingWrites();
  CallLog log;

  /** Whether the function has returned and its writes are done; only the output is left. */
  boolean finished;

  Throwable failure;

  /** Names the element in the journal; null without one. */
  String id;

  /** By place, what an earlier attempt recorded of steps that are not asked for yet. */
  Map<Integer, byte[]> journaled = Collections.emptyMap();

  /**
   * Whether a record of it is missing in the journal: what came after it would be worth nothing.
   */
  volatile boolean unrecorded;

  OutputOrder.Segment<K, IN> segment;

  InFlight(Kind kind, long sequence, K key, IN value, Long timestamp, CallLog log) {
    this.kind = kind;
    this.sequence = sequence;
    this.key = key;
    this.value = value;
    this.timestamp = timestamp;
    this.log = log;
  }

  /** Forgets what the function did, so that it can begin anew. */
  void discard() {
    output.clear();
    writes.clear();
    failure = null;
  }

  /** What its output carries; null for none. */
  Long outputTimestamp() {
    return kind == Kind.PROCESSING_TIMER ? null : timestamp;
  }

  @Override
  public String toString() {
    switch (kind) {
      case EVENT_TIMER:
        return "the event time timer " + timestamp + " of key '" + key + "'";
      case PROCESSING_TIMER:
        return "the processing time timer " + timestamp + " of key '" + key + "'";
      default:
        return "the element with key '"
            + key
            + (timestamp == null ? "'" : "' and timestamp " + timestamp);
    }
  }

  /** Something for the main output (no tag) or a side output. */
  static final class Emission<T> {
    final OutputTag<T> tag;
    final T value;

    Emission(OutputTag<T> tag, T value) {
      this.tag = tag;
      this.value = value;
    }
  }
}
