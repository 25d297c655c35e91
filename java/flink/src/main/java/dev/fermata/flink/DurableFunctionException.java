// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

/** A {@link DurableFunction} threw; the message names the key, the cause is what it threw. */
public class DurableFunctionException extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message names the element
   * @param cause what the function threw
   */
  public DurableFunctionException(String message, Throwable cause) {
    super(message, cause);
  }
}
