// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

/**
 * A call returned what cannot be recorded: the serialiser cannot write it or read it back, or it is
 * longer than {@link DurableOptions.Builder#maxResultBytes} allows. Recorded in place of the
 * result: the call was made, and is not made again.
 */
public class UnrecordableResultException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message what is wrong with the result, and the remedy
   */
  public UnrecordableResultException(String message) {
    this(message, null);
  }

  /**
   * Creates an exception.
   *
   * @param message what is wrong with the result, and the remedy
   * @param cause what the serialiser threw, or {@code null}
   */
  public UnrecordableResultException(String message, Throwable cause) {
    super(message, cause);
  }
}
