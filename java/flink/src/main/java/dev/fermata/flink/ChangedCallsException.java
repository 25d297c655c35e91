// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

/**
 * An element that was in flight at a checkpoint cannot go on from there: the function's {@linkplain
 * DurableFunction#version version} is another one, or it asked for other calls than those recorded.
 * The message names key and call.
 */
public class ChangedCallsException extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message key, what was recorded, what was asked for, and the remedy
   */
  public ChangedCallsException(String message) {
    super(message);
  }
}
