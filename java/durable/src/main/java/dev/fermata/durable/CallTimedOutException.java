// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

/** The deadline of a call passed: an outcome like others, recorded, and the same in each run. */
public class CallTimedOutException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message which call
   */
  public CallTimedOutException(String message) {
    super(message);
  }
}
