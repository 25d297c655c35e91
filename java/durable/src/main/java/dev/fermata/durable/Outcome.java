// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import dev.fermata.journal.JournalRecord.CallFinished;
import dev.fermata.journal.JournalRecord.RecordedException;

/**
 * How a call ended, as the action gets it and as it is recorded: with a value, which is the one
 * that a later run reads from the record, or with an exception. Immutable.
 */
final class Outcome<T> {
  private final T value;
  private final byte[] recordedValue;
  private final Exception failure;
  private final RecordedException recordedFailure;

  private Outcome(
      T value, byte[] recordedValue, Exception failure, RecordedException recordedFailure) {
    this.value = value;
    this.recordedValue = recordedValue;
    this.failure = failure;
    this.recordedFailure = recordedFailure;
  }

  static <T> Outcome<T> returned(T value, byte[] recorded) {
    return new Outcome<>(value, recorded, null, null);
  }

  static <T> Outcome<T> threw(Exception failure, RecordedException recorded) {
    return new Outcome<>(null, null, failure, recorded);
  }

  T value() {
    return value;
  }

  /** What the call threw, or null. */
  Exception failure() {
    return failure;
  }

  /** Whether less of it can be recorded, if it is too large for the journal. */
  boolean canBeShortened() {
    return failure == null || !recordedFailure.stack().isEmpty();
  }

  /** What is recorded of the failure. */
  RecordedException recordedFailure() {
    return recordedFailure;
  }

  CallFinished record(String action, long place) {
    return failure == null
        ? new CallFinished(action, place, recordedValue)
        : new CallFinished(action, place, recordedFailure);
  }
}
