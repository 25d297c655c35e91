// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * What one element asked for, in order. Read from a checkpoint it first answers from the record:
 * steps below {@code recorded} are compared with what is asked for, later ones are new.
 *
 * <p>Used by one thread at a time: the element's function, and between its slices a checkpoint.
 */
final class CallLog {
  private final int version;
  private final List<Step> steps;
  private final int recorded;
  private int position;
  private String difference;

  /** Starts an empty log of a function of this version. */
  CallLog(int version) {
    this(version, new ArrayList<>());
  }

  private CallLog(int version, List<Step> steps) {
    this.version = version;
    this.steps = steps;
    recorded = steps.size();
  }

  /** The version of the function that the steps belong to. */
  int version() {
    return version;
  }

  boolean isEmpty() {
    return steps.isEmpty();
  }

  /**
   * Returns the step that is asked for now: the recorded one, with or without outcome, or a new
   * one.
   *
   * @throws ChangedCallsError if another one is recorded here
   */
  Step next(Step.Kind kind, String name, String type) {
    if (difference != null) {
      throw new ChangedCallsError(difference);
    }
    if (position >= recorded) {
      Step step = new Step(kind, name, type);
      steps.add(step);
      position++;
      return step;
    }
    Step step = steps.get(position);
    if (!step.isSame(kind, name, type)) {
      difference =
          "it recorded "
              + step
              + " as number "
              + (position + 1)
              + ", but now the function asks for "
              + Step.describe(kind, name, type);
      throw new ChangedCallsError(difference);
    }
    position++;
    return step;
  }

  /**
   * Where the function left the record, in words; null if it did not. Asked when it has ended.
   *
   * @param returned whether it ended by returning: then it must have asked for all that is recorded
   */
  String difference(boolean returned) {
    if (difference == null && returned && position < recorded) {
      return "it recorded "
          + steps.get(position)
          + " as number "
          + (position + 1)
          + ", but now the function returned without asking for it";
    }
    return difference;
  }

  /** How many steps there are, of a restored log also those that are not asked for yet. */
  int length() {
    return steps.size();
  }

  /** Where a step stands that was returned by the latest call of {@link #next}. */
  int latestPlace() {
    return position - 1;
  }

  void write(DataOutputView out) throws IOException {
    out.writeInt(version);
    int count = steps.size();
    // An open step at the end says nothing that could be replayed.
    while (count > 0 && !steps.get(count - 1).isDone()) {
      count--;
    }
    out.writeInt(count);
    for (Step step : steps.subList(0, count)) {
      step.write(out);
    }
  }

  static CallLog read(DataInputView in) throws IOException {
    int version = in.readInt();
    int count = in.readInt();
    List<Step> steps = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      steps.add(Step.read(in));
    }
    return new CallLog(version, steps);
  }

  /**
   * Ends a function that left its record. An error, so that code which catches {@link Exception}
   * does not go on; it never leaves the operator.
   */
  static final class ChangedCallsError extends Error {
    private static final long serialVersionUID = 1L;

    ChangedCallsError(String difference) {
      super(difference);
    }
  }
}
