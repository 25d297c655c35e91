// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import dev.fermata.internal.bridge.NativeTransport;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;

/** The exceptions that the JDK's client throws, for what befalls an exchange. */
public final class Failures {
  /** Initialised by the first failure that native code tells of: without it there are no kinds. */
  private static final class Kinds {
    static final String[] NAMES = NativeTransport.failureKinds().split(",");
  }

  private Failures() {}

  /**
   * The exception for a failure that native code tells of.
   *
   * @param kind position of its kind
   * @param message what happened
   */
  static IOException of(int kind, String message) {
    switch (Kinds.NAMES[kind]) {
      case "Resolve":
        return caused(new ConnectException(message), new UnknownHostException(message));
      case "Connect":
        return new ConnectException(message);
      case "ConnectTimeout":
        return caused(
            new HttpConnectTimeoutException("HTTP connect timed out"),
            new ConnectException("HTTP connect timed out"));
      case "TimedOut":
        return new HttpTimeoutException("request timed out");
      case "Tls":
        return new SSLHandshakeException(message);
      case "Expired":
        return new ConnectionExpired(message);
      case "Protocol":
      case "HeadTooLarge":
        return new ProtocolException(message);
      case "ClosedEarly":
      case "Truncated":
        return caused(new IOException(message), new EOFException(message));
      default:
        return new IOException(message);
    }
  }

  /**
   * The exception that {@code send} throws on its caller's thread for one that a request failed
   * with on another.
   *
   * @param failure what the request failed with
   * @return an exception of the same documented type
   * @throws IllegalArgumentException if the failure is one
   * @throws SecurityException if the failure is one
   */
  public static IOException thrownBySend(Throwable failure) {
    String message = failure.getMessage();
    if (failure instanceof IllegalArgumentException) {
      throw new IllegalArgumentException(message, failure);
    }
    if (failure instanceof SecurityException) {
      throw new SecurityException(message, failure);
    }
    if (failure instanceof HttpConnectTimeoutException) {
      return caused(new HttpConnectTimeoutException(message), failure);
    }
    if (failure instanceof HttpTimeoutException) {
      return caused(new HttpTimeoutException(message), failure);
    }
    if (failure instanceof ConnectException) {
      return caused(new ConnectException(message), failure);
    }
    if (failure instanceof SSLHandshakeException) {
      return caused(new SSLHandshakeException(message), failure);
    }
    if (failure instanceof SSLException) {
      return new SSLException(message, failure);
    }
    if (failure instanceof ProtocolException) {
      return caused(new ProtocolException(message), failure);
    }
    return new IOException(message, failure);
  }

  private static IOException caused(IOException exception, Throwable cause) {
    exception.initCause(cause);
    return exception;
  }
}
