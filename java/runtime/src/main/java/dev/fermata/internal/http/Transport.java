// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import dev.fermata.FermataException;
import dev.fermata.internal.bridge.NativeTransport;
import java.io.IOException;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.net.http.HttpClient;
import java.time.Duration;

/**
 * The native transport of one client and the lifetime of its memory: {@link #close} ends its thread
 * and its exchanges, and what it holds is freed once this object is unreachable, so that a call
 * that comes late never touches freed memory. Thread-safe.
 */
final class Transport {
  private static final Cleaner CLEANER = Cleaner.create();
  private static final Duration KEEP_ALIVE =
      Duration.ofSeconds(Integer.getInteger("jdk.httpclient.keepalive.timeout", 30));
  private static final int MAX_IDLE = Integer.getInteger("jdk.httpclient.connectionPoolSize", 0);

  private final long pointer;
  private final TransportEvents events;

  Transport(ClientOptions options) {
    events = new TransportEvents();
    Duration connect = options.connectTimeout;
    long created =
        NativeTransport.create(
            events,
            options.name + "-io",
            connect == null ? 0 : millis(connect),
            KEEP_ALIVE.toMillis(),
            MAX_IDLE == 0 ? Integer.MAX_VALUE : MAX_IDLE);
    pointer = created;
    CLEANER.register(this, () -> NativeTransport.destroy(created));
  }

  private static long millis(Duration duration) {
    try {
      return Math.max(1, duration.toMillis());
    } catch (ArithmeticException longerThanAnyProgram) {
      return Long.MAX_VALUE;
    }
  }

  /** Sets whom connections under TLS trust; none may have been made before. */
  void trust(byte[][] roots) {
    try {
      NativeTransport.trust(pointer, roots);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** A name for an exchange, under which it is told of its events. */
  long newTag(Exchange<?> exchange) {
    return events.add(exchange);
  }

  /**
   * Sends a request.
   *
   * @throws IOException if it cannot be sent
   * @throws IllegalArgumentException if it can never be sent
   */
  void start(
      long tag,
      SentRequest request,
      byte[] headers,
      byte[] proxyHeaders,
      RequestBody body,
      HttpClient.Version version)
      throws IOException {
    try {
      NativeTransport.start(
          pointer,
          tag,
          request.method(),
          request.url(),
          headers,
          version == HttpClient.Version.HTTP_1_1
              ? NativeTransport.HTTP_1_1
              : NativeTransport.HTTP_2,
          request.proxyAuthority(),
          proxyHeaders,
          body.length(),
          body.whole(),
          request.expectContinue(),
          request.timeout().map(Transport::millis).orElse(0L));
    } catch (IllegalStateException closed) {
      throw new IOException("closed", closed);
    } catch (FermataException refused) {
      throw new IOException(refused.getMessage(), refused);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  void demand(long tag, long chunks) {
    try {
      NativeTransport.demand(pointer, tag, chunks);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  void upload(long tag, byte[] chunk) {
    try {
      NativeTransport.upload(pointer, tag, chunk);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** Ends an exchange unless it has ended, and forgets it. */
  void cancel(long tag) {
    try {
      if (events.remove(tag)) {
        NativeTransport.cancel(pointer, tag);
      }
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** Makes a limit as a policy says. */
  long limit(PolicyOptions policy) {
    try {
      return NativeTransport.limit(
          pointer,
          policy.maxConcurrent,
          periodNanos(policy.requestsPerSecond),
          policy.requestBurst,
          periodNanos(policy.tokensPerSecond),
          policy.tokenBurst);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** Rounded up, so that a rate is never exceeded; 0 for none. */
  private static long periodNanos(double perSecond) {
    return perSecond == 0 ? 0 : (long) Math.ceil(1e9 / perSecond);
  }

  /**
   * Lets somebody wait for a delay and then for a place under a limit, or for none if that is 0.
   *
   * @throws IOException if nobody is admitted any more
   */
  void admit(Admission admission, long limit, long cost, long delayMillis) throws IOException {
    long tag = events.add(admission);
    try {
      NativeTransport.admit(pointer, tag, limit, cost, delayMillis);
      admission.enteredBy(() -> leave(tag));
    } catch (IllegalStateException closed) {
      events.removeAdmission(tag);
      throw new IOException("closed", closed);
    } catch (FermataException refused) {
      events.removeAdmission(tag);
      throw new IOException(refused.getMessage(), refused);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  private void leave(long tag) {
    try {
      events.removeAdmission(tag);
      NativeTransport.leave(pointer, tag);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** Fails all exchanges and ends the thread. Idempotent. */
  void close() {
    try {
      NativeTransport.close(pointer);
    } finally {
      Reference.reachabilityFence(this);
    }
  }
}
