// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

import java.util.Objects;

/**
 * A failure of Fermata itself, never of the code it runs: what a supplier throws reaches its caller
 * as it is. The message names what failed, where, and the remedy if there is one.
 *
 * <p>Three kinds are reported as exceptions of the JDK instead, see {@link #of}.
 */
public class FermataException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorKind kind;

  /**
   * Creates an exception without a cause.
   *
   * @param kind what went wrong
   * @param message what failed, where, and the remedy
   */
  public FermataException(ErrorKind kind, String message) {
    this(kind, message, null);
  }

  /**
   * Creates an exception.
   *
   * @param kind what went wrong
   * @param message what failed, where, and the remedy
   * @param cause what made it fail, or {@code null}
   */
  public FermataException(ErrorKind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = Objects.requireNonNull(kind, "kind");
  }

  /**
   * Chooses the exception that reports a failure: {@link IllegalStateException} for {@link
   * ErrorKind#CLOSED} and {@link ErrorKind#BUSY}, {@link IllegalArgumentException} for {@link
   * ErrorKind#INVALID_ARGUMENT}, a {@code FermataException} for every other kind.
   *
   * @param kind what went wrong
   * @param message what failed, where, and the remedy
   * @return the exception, to be thrown by the caller
   */
  public static RuntimeException of(ErrorKind kind, String message) {
    switch (kind) {
      case CLOSED:
      case BUSY:
        return new IllegalStateException(message);
      case INVALID_ARGUMENT:
        return new IllegalArgumentException(message);
      default:
        return new FermataException(kind, message);
    }
  }

  /**
   * Returns what went wrong.
   *
   * @return the kind, never {@code null}
   */
  public final ErrorKind kind() {
    return kind;
  }

  /**
   * Returns whether the same attempt may succeed later.
   *
   * @return {@code true} if the {@linkplain ErrorKind#retry() retry status} of the kind is
   *     temporary
   */
  public final boolean isRetryable() {
    return kind.retry() == ErrorKind.Retry.TEMPORARY;
  }
}
