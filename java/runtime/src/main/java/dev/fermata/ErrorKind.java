// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

/**
 * What went wrong, as a value that code can branch on. Every kind but {@link #NATIVE_LIBRARY}
 * mirrors a kind of the native engine's error type, by {@linkplain #nativeName() name} and by
 * {@linkplain #retry() retry status}.
 */
public enum ErrorKind {
  /** The bounded queue of calls is full; a place comes free when a worker takes the next call. */
  QUEUE_FULL("QueueFull", Retry.TEMPORARY),
  /** Every call slot is in use; one comes free when the result of a call is collected. */
  TOO_MANY_CALLS("TooManyCalls", Retry.TEMPORARY),
  /** The executor or the journal was closed. Thrown as {@link IllegalStateException}. */
  CLOSED("Closed", Retry.PERMANENT),
  /** The context was never created by this executor, or was released. */
  UNKNOWN_CONTEXT("UnknownContext", Retry.PERMANENT),
  /** The call was never reserved by this executor, or its outcome was already taken. */
  UNKNOWN_CALL("UnknownCall", Retry.PERMANENT),
  /** The context is inside a slice already. Reported as {@link IllegalStateException}. */
  BUSY("Busy", Retry.PERMANENT),
  /** An argument is out of its range. Reported as {@link IllegalArgumentException}. */
  INVALID_ARGUMENT("InvalidArgument", Retry.PERMANENT),
  /** The operating system refused a thread and no worker is alive to take the call. */
  THREAD_SPAWN("ThreadSpawn", Retry.TEMPORARY),
  /** The deadline of a call passed before the call was done. */
  TIMED_OUT("TimedOut", Retry.TEMPORARY),
  /** The call or its context was cancelled. */
  CANCELLED("Cancelled", Retry.PERMANENT),
  /** The executor was closed while the call was open. */
  ABORTED("Aborted", Retry.PERMANENT),
  /** The call failed between Java and native code; the message says where. */
  BOUNDARY("Boundary", Retry.PERMANENT),
  /** The platform's trusted certificates cannot be loaded; the message names the files. */
  TRUST_STORE("TrustStore", Retry.PERMANENT),
  /** A record is longer than its journal allows. */
  RECORD_TOO_LARGE("RecordTooLarge", Retry.PERMANENT),
  /** As many bytes wait to be written to a journal as it allows. */
  BACKPRESSURE("Backpressure", Retry.TEMPORARY),
  /** The storage of a journal has no room. */
  NO_SPACE("NoSpace", Retry.TEMPORARY),
  /** The storage of a journal failed. */
  IO("Io", Retry.TEMPORARY),
  /**
   * A journal holds what no crash can have left; the message names the file, the byte and the
   * remedy.
   */
  DAMAGED("Damaged", Retry.PERMANENT),
  /** A journal was written by a later version. */
  NEWER_FORMAT("NewerFormat", Retry.PERMANENT),
  /** A process has the journal open. */
  LOCKED("Locked", Retry.TEMPORARY),
  /** Another writer has taken over the journal. */
  FENCED("Fenced", Retry.PERMANENT),
  /** The native library is required but could not be loaded. Known to Java alone. */
  NATIVE_LIBRARY(null, Retry.PERMANENT);

  /** Whether the same attempt may succeed later. */
  public enum Retry {
    /** The cause may pass by itself: try again later. */
    TEMPORARY,
    /** The same attempt fails again until something is changed. */
    PERMANENT
  }

  private final String nativeName;
  private final Retry retry;

  ErrorKind(String nativeName, Retry retry) {
    this.nativeName = nativeName;
    this.retry = retry;
  }

  /**
   * Returns the name of this kind in the native engine.
   *
   * @return the name, or {@code null} for a kind that only Java knows
   */
  public String nativeName() {
    return nativeName;
  }

  /**
   * Returns whether the same attempt may succeed later.
   *
   * @return the retry status of every error of this kind
   */
  public Retry retry() {
    return retry;
  }

  /**
   * Finds the kind that mirrors a kind of the native engine.
   *
   * @param nativeName a name as {@link #nativeName()} returns it
   * @return the kind
   * @throws IllegalArgumentException if no kind has this name
   */
  public static ErrorKind ofNativeName(String nativeName) {
    for (ErrorKind kind : values()) {
      if (nativeName.equals(kind.nativeName)) {
        return kind;
      }
    }
    throw new IllegalArgumentException("No error kind is named '" + nativeName + "'");
  }
}
