// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.Flow;

/** The body of a request, as the transport wants it: none, whole, or to be streamed. */
final class RequestBody {
  /** Lengths as the transport knows them. */
  private static final long NONE = -1;

  private static final long UNKNOWN = -2;

  /** Up to this length a body that is in memory anyway crosses to native code at once. */
  private static final long MAX_WHOLE = 65_536;

  /** Publishers of the JDK that hold their bytes, and never block. */
  private static final Set<String> IN_MEMORY =
      Set.of("ByteArrayPublisher", "EmptyPublisher", "StringPublisher");

  private final BodyPublisher publisher;
  private final long length;
  private final byte[] whole;

  private RequestBody(BodyPublisher publisher, long length, byte[] whole) {
    this.publisher = publisher;
    this.length = length;
    this.whole = whole;
  }

  /** Reads a small body that is in memory; leaves any other for an {@link Upload}. */
  static RequestBody of(BodyPublisher publisher) {
    if (publisher == null) {
      return new RequestBody(null, NONE, null);
    }
    long length = publisher.contentLength();
    if (length == 0) {
      return new RequestBody(publisher, 0, new byte[0]);
    }
    if (length > 0 && length <= MAX_WHOLE && isInMemory(publisher)) {
      Collector collector = new Collector((int) length);
      publisher.subscribe(collector);
      return new RequestBody(publisher, length, collector.bytes);
    }
    return new RequestBody(publisher, length < 0 ? UNKNOWN : length, null);
  }

  /** Whether the publisher gives what it has at once, on the thread that asks. */
  static boolean isInMemory(BodyPublisher publisher) {
    Class<?> type = publisher.getClass();
    return type.getModule() == HttpRequest.class.getModule()
        && IN_MEMORY.contains(type.getSimpleName());
  }

  BodyPublisher publisher() {
    return publisher;
  }

  long length() {
    return length;
  }

  /** All of it, or {@code null} if there is none or it is streamed. */
  byte[] whole() {
    return whole;
  }

  boolean isStreamed() {
    return publisher != null && whole == null;
  }

  private static final class Collector implements Flow.Subscriber<ByteBuffer> {
    final byte[] bytes;
    private int filled;

    Collector(int length) {
      bytes = new byte[length];
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(ByteBuffer buffer) {
      int more = buffer.remaining();
      buffer.get(bytes, filled, more);
      filled += more;
    }

    @Override
    public void onError(Throwable impossible) {
      throw new IllegalStateException("A body in memory could not be read", impossible);
    }

    @Override
    public void onComplete() {}
  }
}
