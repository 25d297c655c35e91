// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import dev.fermata.journal.JournalRecord.CallFinished;
import java.util.concurrent.Callable;

/** Makes outcomes: of what calls do, and of what is recorded of them. Immutable, for any thread. */
final class Outcomes {
  private final Serialiser serialiser;
  private final int maxResultBytes;
  private final RecordedExceptions exceptions;

  Outcomes(Serialiser serialiser, int maxResultBytes, RecordedExceptions exceptions) {
    this.serialiser = serialiser;
    this.maxResultBytes = maxResultBytes;
    this.exceptions = exceptions;
  }

  /**
   * Makes a call. An {@link Error} is no outcome, and thrown. Nor is an {@link
   * InterruptedException}: it tells of the thread, not of the call.
   */
  <T> Outcome<T> of(String name, ResultType<T> type, Callable<? extends T> call) {
    T value;
    try {
      value = call.call();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw Unchecked.rethrow(interrupted);
    } catch (Exception thrown) {
      return threw(thrown);
    }
    return returned(name, type, value);
  }

  <T> Outcome<T> threw(Exception failure) {
    return Outcome.threw(failure, exceptions.describe(failure));
  }

  /**
   * What a later run will read. If it could not, that is the outcome, whatever the serialiser
   * throws: the call was made.
   */
  <T> Outcome<T> returned(String name, ResultType<T> type, T value) {
    byte[] bytes;
    try {
      bytes = serialiser.serialise(value);
    } catch (Throwable refused) {
      return threw(
          new UnrecordableResultException(
              "The result of the call '"
                  + name
                  + "', of "
                  + (value == null ? "type" : value.getClass())
                  + ", cannot be serialised as "
                  + type
                  + " by "
                  + serialiser
                  + ": "
                  + RecordedExceptions.text(refused),
              refused));
    }
    if (bytes.length > maxResultBytes) {
      return threw(
          new UnrecordableResultException(
              "The result of the call '"
                  + name
                  + "' has "
                  + bytes.length
                  + " bytes, more than the "
                  + maxResultBytes
                  + " of maxResultBytes; return a smaller one, such as a reference to it"));
    }
    try {
      return Outcome.returned(serialiser.deserialise(bytes, type), bytes);
    } catch (Throwable refused) {
      return threw(
          new UnrecordableResultException(
              "The result of the call '"
                  + name
                  + "' cannot be read back as "
                  + type
                  + " by "
                  + serialiser
                  + ": "
                  + RecordedExceptions.text(refused),
              refused));
    }
  }

  /** In place of an outcome that is too large for the journal: the failure without its stack. */
  <T> Outcome<T> shortened(String name, Outcome<T> outcome, Throwable refused) {
    return outcome.failure() == null
        ? tooLarge(name, refused)
        : Outcome.threw(outcome.failure(), RecordedExceptions.shortened(outcome.recordedFailure()));
  }

  private <T> Outcome<T> tooLarge(String name, Throwable refused) {
    return threw(
        new UnrecordableResultException(
            "The result of the call '"
                + name
                + "' is too large for the journal ("
                + refused.getMessage()
                + "); return a smaller one, or let the journal take larger records",
            refused));
  }

  /**
   * Reads an outcome.
   *
   * @throws Exception if the bytes are no such result
   */
  <T> Outcome<T> read(CallFinished record, ResultType<T> type) throws Exception {
    byte[] value = record.value();
    return value == null
        ? Outcome.threw(exceptions.rebuild(record.exception()), record.exception())
        : Outcome.returned(serialiser.deserialise(value, type), value);
  }
}
