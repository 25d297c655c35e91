// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

/**
 * Thrown at the suspension point of an action whose executor is closed, so that the {@code finally}
 * blocks of the action run.
 *
 * <p>It is an {@link Error} because user code that catches and records {@link Exception} must not
 * record an abort as the outcome of a call. Code that catches it anyway should end soon and throw
 * it again: each further suspension point of the action throws it anew.
 */
public class ActionAbortedError extends Error {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the error.
   *
   * @param message which executor was closed, and where the action was
   */
  public ActionAbortedError(String message) {
    super(message);
  }
}
