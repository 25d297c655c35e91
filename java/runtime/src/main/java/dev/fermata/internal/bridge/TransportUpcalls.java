// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.bridge;

/**
 * What a native transport calls in Java, on its I/O thread alone. Given to {@link
 * NativeTransport#create}, which keeps one global reference to it until its thread has ended (or
 * until {@link NativeTransport#destroy} if that comes first). An implementation must therefore not
 * reach the object whose {@code Cleaner} closes the transport: that object would never be
 * collected.
 *
 * <p>No method may block or run code of users: all exchanges would wait. None may throw: what is
 * thrown is logged, and fails the exchange if it has events to come.
 *
 * <p>An exchange has at most one {@link #response}, then any number of {@link #body}, and at last
 * either {@link #end} or {@link #failed}, which may come at any time. One that was cancelled has no
 * last event.
 */
public interface TransportUpcalls {
  /**
   * The head of the final response; no other of status 1xx is told of.
   *
   * @param tag name of the exchange
   * @param status status code
   * @param version {@link NativeTransport#HTTP_1_1} or {@link NativeTransport#HTTP_2}
   * @param headers its headers, flat, names in lower case
   * @param session what TLS agreed on and with whom, {@code null} without TLS: as {@link
   *     java.io.DataInput} reads it, protocol (UTF), cipher suite (UTF), number of certificates
   *     (int), and for each its length (int) and as many bytes (DER), the server's own first
   */
  void response(long tag, int status, int version, byte[] headers, byte[] session);

  /**
   * The next chunk of the body, of at most about 400 KB.
   *
   * @param tag name of the exchange
   * @param chunk the bytes, at least one
   */
  void body(long tag, byte[] chunk);

  /**
   * More chunks of the request's body can be taken.
   *
   * @param tag name of the exchange
   * @param chunks how many more
   */
  void wantBody(long tag, int chunks);

  /**
   * The response is complete. It may be before the request's body was all uploaded.
   *
   * @param tag name of the exchange
   */
  void end(long tag);

  /**
   * Somebody is admitted, and keeps the place until {@link NativeTransport#leave}.
   *
   * @param tag name of the admission
   * @param heldByRate whether a rate kept it waiting when its turn had come
   */
  void admitted(long tag, boolean heldByRate);

  /**
   * There is no response, or no more of it; or nobody is admitted.
   *
   * @param tag name of the exchange or the admission
   * @param kind position in {@link NativeTransport#failureKinds}
   * @param message what happened, for people
   */
  void failed(long tag, int kind, String message);

  /** The transport is closed and its thread about to end: the last upcall. */
  void threadEnded();
}
