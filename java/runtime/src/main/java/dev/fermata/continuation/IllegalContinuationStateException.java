// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import java.util.Optional;

/**
 * A continuation was used in a state in which that cannot be: resumed while it runs or after its
 * end, or suspended where it cannot be suspended. In the latter case nothing has happened, and the
 * code that wanted to suspend may go on.
 */
public class IllegalContinuationStateException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /** Which is in the way; {@code null} if it is no frame. */
  private final StackTraceElement frame;

  /**
   * Creates the exception.
   *
   * @param message what was wrong, where, and what to do
   */
  public IllegalContinuationStateException(String message) {
    this(message, null);
  }

  IllegalContinuationStateException(String message, StackTraceElement frame) {
    super(message);
    this.frame = frame;
  }

  /**
   * Returns the frame that is in the way of a suspend.
   *
   * @return the native method, the class initialiser or the method that holds a monitor; empty if
   *     the reason is another
   */
  public Optional<StackTraceElement> frame() {
    return Optional.ofNullable(frame);
  }
}
