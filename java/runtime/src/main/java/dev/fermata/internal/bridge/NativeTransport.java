// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.bridge;

import dev.fermata.ErrorKind;
import dev.fermata.FermataException;

/**
 * The functions of the native library for HTTP. They are bound when the library is loaded; before
 * that, and without it, each throws {@link UnsatisfiedLinkError}.
 *
 * <p>A <em>transport</em> is what {@link #create} returned: connections and one I/O thread, started
 * by the first exchange. It stays valid until {@link #destroy}, also after {@link #close}. {@code
 * 0} is refused with {@link IllegalStateException}; any other number that is no live transport is
 * undefined behaviour, so nothing but its one Java owner may hold it.
 *
 * <p>An <em>exchange</em> is one request and its response. The caller names it by a tag of its
 * choice, which no other exchange of the transport may have until the last event of this one, or
 * its cancellation. A tag that names no exchange is ignored.
 *
 * <p><em>Headers</em> are flat: names and values in turn, each followed by a line feed, in
 * ISO-8859-1. Their order and repetitions are kept.
 *
 * <p>Every function may be called from any thread and none but {@link #platformRoots} blocks.
 * Errors arrive as {@link FermataException#of} maps them; a panic of native code arrives as {@link
 * FermataException} of kind {@link ErrorKind#BOUNDARY}.
 */
public final class NativeTransport {
  /** Only HTTP/1.1 is spoken, or was. */
  public static final int HTTP_1_1 = 1;

  /** HTTP/2 is spoken if the server offers it under TLS, or was. */
  public static final int HTTP_2 = 2;

  /** Body length of a request that has no body. */
  public static final long NO_BODY = -1;

  /** Body length of a streamed body whose length is not known: it is sent in chunks. */
  public static final long UNKNOWN_LENGTH = -2;

  /** Number of entries that {@link #gauges} writes. */
  public static final int GAUGES = 3;

  private NativeTransport() {}

  /**
   * Returns the kinds of failure that {@link TransportUpcalls#failed} tells by their position.
   *
   * @return their names in camel case, with commas between
   */
  public static native String failureKinds();

  /**
   * Creates a transport, without a thread.
   *
   * @param upcalls what the transport calls
   * @param threadName name of its thread
   * @param connectTimeoutMillis how long a connection may take to come about, with tunnel and TLS;
   *     unlimited if 0
   * @param idleTimeoutMillis how long a connection may wait for its next exchange; at 0 none serves
   *     two
   * @param maxIdlePerOrigin how many connections of one origin may wait at a time
   * @return the transport
   * @throws IllegalArgumentException if a number is negative
   */
  public static native long create(
      TransportUpcalls upcalls,
      String threadName,
      long connectTimeoutMillis,
      long idleTimeoutMillis,
      int maxIdlePerOrigin);

  /**
   * Returns whom the platform trusts: the certificates of the files that the environment variables
   * {@code SSL_CERT_FILE} and {@code SSL_CERT_DIR} name, else those of the operating system's
   * store. Reads files, so it blocks.
   *
   * @return certificates (DER), at least one; some that cannot be loaded are logged
   * @throws FermataException of kind {@link ErrorKind#TRUST_STORE} if none can be loaded; the
   *     message names the files
   */
  public static native byte[][] platformRoots();

  /**
   * Sets whom new connections trust. Before this is called they trust nobody.
   *
   * @param transport the transport
   * @param roots certificates (DER) that are trusted, and no others; what is none is ignored
   */
  public static native void trust(long transport, byte[][] roots);

  /**
   * Starts an exchange. Events may come before this returns.
   *
   * @param transport the transport
   * @param tag name of the exchange
   * @param method the method
   * @param url absolute URL, {@code http} or {@code https}, in ASCII and without a fragment
   * @param headers headers of the request, without {@code Content-Length} and {@code
   *     Transfer-Encoding}; {@code Host} is added if it is missing
   * @param version {@link #HTTP_1_1} or {@link #HTTP_2}
   * @param proxy {@code null} or {@code host:port}: under TLS it is asked for a tunnel, and an
   *     answer that is none arrives as the response, without a body; else it is sent the absolute
   *     URL
   * @param proxyHeaders headers for the tunnel; {@code null} for none
   * @param bodyLength {@link #NO_BODY}, {@link #UNKNOWN_LENGTH} or the length of the body
   * @param body the whole body, or {@code null}: then a body is streamed by {@link #upload}
   * @param expectContinue whether {@code Expect: 100-continue} is sent, and over HTTP/1.1 the body
   *     not before the server agrees
   * @param timeoutMillis how long the head of the response may take, with all that comes before it;
   *     unlimited if 0
   * @throws IllegalArgumentException if the request cannot be sent as it is
   * @throws IllegalStateException if the transport is closed
   * @throws FermataException of kind {@link ErrorKind#THREAD_SPAWN} if there is no I/O thread
   */
  public static native void start(
      long transport,
      long tag,
      String method,
      String url,
      byte[] headers,
      int version,
      String proxy,
      byte[] proxyHeaders,
      long bodyLength,
      byte[] body,
      boolean expectContinue,
      long timeoutMillis);

  /**
   * Lets so many more chunks of the response come. The transport reads no further than one chunk
   * beyond what was demanded, so that a server is slowed down by its reader.
   *
   * @param transport the transport
   * @param tag name of the exchange
   * @param chunks how many; {@link Long#MAX_VALUE} for all
   * @throws IllegalArgumentException if the number is negative
   */
  public static native void demand(long transport, long tag, long chunks);

  /**
   * Uploads the next chunk of a streamed body, or ends it.
   *
   * @param transport the transport
   * @param tag name of the exchange
   * @param chunk the chunk, one of those that {@link TransportUpcalls#wantBody} asked for; {@code
   *     null} ends the body
   */
  public static native void upload(long transport, long tag, byte[] chunk);

  /**
   * Ends an exchange: its stream is reset, or its connection closed. Events that are on their way
   * may still come.
   *
   * @param transport the transport
   * @param tag name of the exchange
   */
  public static native void cancel(long transport, long tag);

  /**
   * Makes a limit, for as long as the transport lasts: a fair queue before a number of places and
   * two rates. A rate is so many at once after a pause, the burst, and then one in each period.
   *
   * @param transport the transport
   * @param maxConcurrent how many may have a place at a time; unlimited if 0
   * @param requestPeriodNanos period of the rate at which places are given; none if 0
   * @param requestBurst burst of it, at least 1 if there is a period
   * @param tokenPeriodNanos period of the rate of what those cost who get places; none if 0
   * @param tokenBurst burst of it, at least 1 if there is a period
   * @return the limit, a positive number
   * @throws IllegalArgumentException if a number is out of its range, or a burst by its period is
   *     more than ten years
   */
  public static native long limit(
      long transport,
      int maxConcurrent,
      long requestPeriodNanos,
      int requestBurst,
      long tokenPeriodNanos,
      int tokenBurst);

  /**
   * Tells by {@link TransportUpcalls#admitted} when a delay has passed and then, if there is a
   * limit, when the turn has come to have a place: those who wait for one are admitted in the order
   * in which their delays ended. It may tell before this returns, and tells by {@link
   * TransportUpcalls#failed} if the transport is closed meanwhile.
   *
   * @param transport the transport
   * @param tag name of the admission: of no other, and of no exchange, until {@link #leave}
   * @param limit the limit, or 0 for none
   * @param tokens what it costs
   * @param delayMillis how long to wait at first; may be 0
   * @throws IllegalArgumentException if there is no such limit, or the cost is negative or more
   *     than the limit's burst
   * @throws IllegalStateException if the transport is closed
   * @throws FermataException of kind {@link ErrorKind#THREAD_SPAWN} if there is no I/O thread
   */
  public static native void admit(
      long transport, long tag, long limit, long tokens, long delayMillis);

  /**
   * Gives up a place, or waiting for it. That it was admitted may be told still.
   *
   * @param transport the transport
   * @param tag name of the admission; ignored if there is none
   */
  public static native void leave(long transport, long tag);

  /**
   * Reads the counters of the transport, not as one atomic picture.
   *
   * @param transport the transport
   * @param into receives at 0 exchanges in flight, 1 connections, 2 idle connections that speak
   *     HTTP/1.1
   * @throws IllegalArgumentException if the array is shorter than {@link #GAUGES}
   */
  public static native void gauges(long transport, int[] into);

  /**
   * Closes the transport: nothing new is accepted, pending exchanges fail, connections are closed,
   * and the thread ends. Does not wait. Idempotent.
   *
   * @param transport the transport
   * @return whether the thread was alive, so that {@link TransportUpcalls#threadEnded} tells of its
   *     end
   */
  public static native boolean close(long transport);

  /**
   * Closes the transport if need be and frees it. Only for a {@code Cleaner}, when no Java object
   * can call any more.
   *
   * @param transport the transport, invalid from now on
   */
  public static native void destroy(long transport);

  /** Called by native code to report an error of its own. */
  private static RuntimeException exception(String kindName, String message) {
    return FermataException.of(ErrorKind.ofNativeName(kindName), message);
  }
}
