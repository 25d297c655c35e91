// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

/**
 * The entry point of a continuation threw an exception, its {@linkplain #getCause() cause}. The
 * continuation is completed. An {@link Error} is thrown as it is.
 */
public final class ContinuationExecutionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ContinuationExecutionException(Throwable cause) {
    super("The continuation's entry point threw " + cause, cause);
  }

  /** Throws an exception of the code wrapped, and an error as it is. */
  static void throwIfAny(Throwable thrown) {
    if (thrown instanceof Error) {
      throw (Error) thrown;
    }
    if (thrown != null) {
      throw new ContinuationExecutionException(thrown);
    }
  }
}
