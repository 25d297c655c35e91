// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

/**
 * What a call threw in an earlier run, known from its record only: the class of the exception is
 * not on the {@linkplain DurableOptions.Builder#rebuild list} of those that are made again, or
 * cannot be. For code that branches on it {@link #type()} tells the class.
 */
public class RecordedCallException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String type;
  private final String recordedMessage;
  private final String recordedStack;

  /**
   * Creates an exception.
   *
   * @param type name of the class of what the call threw
   * @param message its message, or {@code null}
   * @param stack its stack trace as text
   */
  public RecordedCallException(String type, String message, String stack) {
    super(message == null ? type : type + ": " + message);
    this.type = type;
    this.recordedMessage = message;
    this.recordedStack = stack;
  }

  /**
   * Returns what the call threw.
   *
   * @return name of its class, which need not be there any more
   */
  public String type() {
    return type;
  }

  /**
   * Returns the message of what the call threw.
   *
   * @return the message, or {@code null} if it had none
   */
  public String recordedMessage() {
    return recordedMessage;
  }

  /**
   * Returns where the call threw it.
   *
   * @return the stack trace as text, cut off where it is very long
   */
  public String recordedStack() {
    return recordedStack;
  }
}
