// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.continuation;

import java.io.InvalidObjectException;

/** The checks of what is read, whichever way it was written. */
final class SavedForm {
  private static final long MAX_NULLS = 1L << 40;

  private SavedForm() {}

  static <T> T constant(T[] constants, int code) throws InvalidObjectException {
    if (code >= constants.length) {
      throw new InvalidObjectException("code " + code + " is unknown");
    }
    return constants[code];
  }

  static long checkNulls(long nulls) throws InvalidObjectException {
    if (nulls < 0 || nulls > MAX_NULLS) {
      throw new InvalidObjectException(nulls + " is no number of inputs");
    }
    return nulls;
  }

  static void checkEntry(Saved.State state, Object entry, Class<?> type)
      throws InvalidObjectException {
    if (state == Saved.State.COMPLETED && entry == null) {
      return;
    }
    if (!type.isInstance(entry)) {
      throw new InvalidObjectException(
          (entry == null ? "null" : entry.getClass().getName()) + " is no " + type.getName());
    }
  }

  static Step step(Step before, long nulls, Step.Kind kind, Object value)
      throws InvalidObjectException {
    if (kind == Step.Kind.FAILURE && !(value instanceof Throwable)
        || kind == Step.Kind.REFUSAL && !(value instanceof String)
        || kind == Step.Kind.INPUT && value == null) {
      throw new InvalidObjectException("a step of kind " + kind + " cannot have this value");
    }
    if (value instanceof SavedReference) {
      throw new InvalidObjectException(
          "a continuation or generator was given itself, or one that was given it: such a circle"
              + " cannot be saved");
    }
    return new Step(before, nulls, kind, value);
  }
}
