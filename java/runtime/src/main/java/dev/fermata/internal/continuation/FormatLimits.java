// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.continuation;

import java.io.InvalidObjectException;

/** How much is read at most. Not thread-safe while it is set. */
public final class FormatLimits {
  private int bytes = 16 << 20;
  private int depth = 32;
  private int arrayLength = 1_000_000;
  private long history = 10_000_000;

  /** Returns the same limits, which do not change with these. */
  public FormatLimits copy() {
    FormatLimits copy = new FormatLimits();
    copy.bytes = bytes;
    copy.depth = depth;
    copy.arrayLength = arrayLength;
    copy.history = history;
    return copy;
  }

  /** Sets the bytes of a body. */
  public void bytes(int most) {
    bytes = (int) positive(most, "maxBytes");
  }

  /** Sets the depth of nested objects. */
  public void depth(int most) {
    depth = (int) positive(most, "maxDepth");
  }

  /** Sets the length of each array. */
  public void arrayLength(int most) {
    arrayLength = (int) positive(most, "maxArrayLength");
  }

  /** Sets the steps of a history. */
  public void history(long most) {
    history = positive(most, "maxHistory");
  }

  private static long positive(long value, String name) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be positive, but is " + value);
    }
    return value;
  }

  int bytes() {
    return bytes;
  }

  /** Which limit of a value is passed, and what to do; or {@code null}. */
  String excess(long foundDepth, long foundLength, long references) {
    if (foundDepth > depth) {
      return "Objects are nested " + foundDepth + " deep, at most " + depth + ": raise maxDepth";
    }
    if (foundLength > arrayLength) {
      return "An array has "
          + foundLength
          + " elements, at most "
          + arrayLength
          + ": raise maxArrayLength";
    }
    return references > bytes ? "A value has more references than maxBytes bytes" : null;
  }

  /**
   * Counts the steps of a history.
   *
   * @throws InvalidObjectException if there are too many
   */
  void checkHistory(long length) throws InvalidObjectException {
    if (length > history) {
      throw new InvalidObjectException(
          "A history of "
              + length
              + " steps or more, at most "
              + history
              + " are allowed: raise maxHistory, or take snapshots more often");
    }
  }
}
