// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

/**
 * A call of a {@link DurableFunction} that failed for good: its last attempt threw an exception or
 * met its deadline. Recorded with the element, so that a function that catches it takes the same
 * way when the element is processed again.
 */
public class CallFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String call;
  private final String failureType;
  private final String failureMessage;
  private final int attempts;

  /**
   * Creates an exception.
   *
   * @param call name of the call
   * @param failureType class name of what the last attempt threw
   * @param failureMessage its message, may be {@code null}
   * @param attempts how many attempts were made
   * @param cause what the last attempt threw, or {@code null} if it is known from a record only
   */
  public CallFailedException(
      String call, String failureType, String failureMessage, int attempts, Throwable cause) {
    super(
        "The call '"
            + call
            + "' failed after "
            + attempts
            + (attempts == 1 ? " attempt: " : " attempts: ")
            + failureType
            + (failureMessage == null ? "" : ": " + failureMessage),
        cause);
    this.call = call;
    this.failureType = failureType;
    this.failureMessage = failureMessage;
    this.attempts = attempts;
  }

  /** {@return the name of the call} */
  public String call() {
    return call;
  }

  /**
   * {@return the class name of what the last attempt threw; for code that branches on it, as the
   * cause is absent when the failure comes from a record. A deadline is a {@code
   * java.util.concurrent.TimeoutException}}
   */
  public String failureType() {
    return failureType;
  }

  /** {@return the message of what the last attempt threw, may be {@code null}} */
  public String failureMessage() {
    return failureMessage;
  }

  /** {@return how many attempts were made, at least 1} */
  public int attempts() {
    return attempts;
  }
}
