// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import dev.fermata.internal.continuation.History;
import dev.fermata.internal.continuation.Replay;
import dev.fermata.internal.continuation.Step;
import java.util.Locale;

/**
 * What one continuation was given, and how far a replay of that has come. Used by whoever has
 * claimed the continuation, and by its code while it runs.
 */
final class Journal {
  private final boolean recorded;

  /** {@code null} if it is not checked. */
  private final Trace trace;

  /** The history is these steps, and then so many inputs that are {@code null}. */
  private Step last;

  private long nulls;

  private Step markedLast;
  private long markedNulls;

  /** {@code null} unless there is something left to replay. */
  private Replay replay;

  private NonDeterministicContinuationException divergence;

  Journal(ContinuationOptions options, History history) {
    recorded = options.isRecorded();
    trace = options.isChecked() ? new Trace() : null;
    last = history.last();
    nulls = history.nulls();
  }

  boolean isRecorded() {
    return recorded;
  }

  History history() {
    return new History(last, nulls);
  }

  /** {@code null} if the continuation is not checked. */
  Trace trace() {
    return trace;
  }

  void recordInput(Object input) {
    if (!recorded) {
      return;
    }
    if (input == null) {
      nulls++;
    } else {
      record(Step.Kind.INPUT, input);
    }
  }

  void record(Step.Kind kind, Object given) {
    if (recorded) {
      last = new Step(last, nulls, kind, given);
      nulls = 0;
      if (trace != null) {
        trace.isGiven(last);
      }
    }
  }

  /** Remembers what it has, for {@link #takeBack}. */
  void mark() {
    markedLast = last;
    markedNulls = nulls;
  }

  /** Goes back to the mark: what came after it did not happen. */
  void takeBack() {
    last = markedLast;
    nulls = markedNulls;
    replay = null;
    divergence = null;
    if (trace != null) {
      trace.takeBack(history().length());
    }
  }

  /** What went before needs no replay any more. */
  void forgetHistory() {
    last = null;
    nulls = 0;
    markedLast = null;
    if (trace != null) {
      trace.clear();
    }
  }

  void beginReplay() {
    Replay all = new Replay(history());
    replay = all.isOver() ? null : all;
  }

  boolean isReplaying() {
    return replay != null;
  }

  /** Why the replay did not go as the history, or {@code null}. */
  NonDeterministicContinuationException divergence() {
    return divergence;
  }

  Object replayedInput() {
    if (replay.kind() == Step.Kind.REFUSAL) {
      throw new IllegalContinuationStateException((String) replayed());
    }
    if (replay.kind() != Step.Kind.INPUT) {
      throw diverged("it now suspends", null);
    }
    return replayed();
  }

  Object replayedOutcome() {
    if (replay.kind() == Step.Kind.FAILURE) {
      throw Run.<RuntimeException>unchecked((Throwable) replayed());
    }
    if (replay.kind() != Step.Kind.RESULT) {
      throw diverged("it now calls once", null);
    }
    return replayed();
  }

  private Object replayed() {
    Object given = replay.take();
    if (replay.isOver()) {
      replay = null;
    }
    return given;
  }

  /** The replay went another way: remembered, since the code may catch what is thrown. */
  NonDeterministicContinuationException diverged(String now, Throwable cause) {
    String recordedKind = replay.kind().name().toLowerCase(Locale.ROOT);
    divergence =
        new NonDeterministicContinuationException(
            replay.taken() + 1,
            "the history has the kind " + recordedKind + ", but " + now + Refusals.site(),
            cause);
    return divergence;
  }
}
