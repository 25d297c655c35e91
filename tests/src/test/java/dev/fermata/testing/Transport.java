// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.testing;

import dev.fermata.internal.bridge.NativeTransport;
import dev.fermata.internal.bridge.TransportUpcalls;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/** A native transport whose events are written down. To be freed by {@link #close}. */
public final class Transport implements AutoCloseable {
  private final Record record = new Record();
  private final long handle;

  public Transport(String threadName) {
    handle = NativeTransport.create(record, threadName, 0, 600_000, 100);
  }

  /** The number by which native code knows it. */
  public long handle() {
    return handle;
  }

  /** Starts an exchange without a body that wants all of its response. */
  public Exchange get(long tag, String url) {
    return start(tag, "GET", url, NativeTransport.NO_BODY, null);
  }

  /** Starts an exchange that wants all of its response. */
  public Exchange start(long tag, String method, String url, long length, byte[] body) {
    Exchange exchange = record.exchange(tag);
    NativeTransport.start(
        handle,
        tag,
        method,
        url,
        "X-Test\nyes\n".getBytes(StandardCharsets.ISO_8859_1),
        NativeTransport.HTTP_2,
        null,
        null,
        length,
        body,
        false,
        0);
    NativeTransport.demand(handle, tag, Long.MAX_VALUE);
    return exchange;
  }

  /** Lets somebody be admitted; what becomes of it is told as of an exchange without a status. */
  public Exchange admit(long tag, long limit, long tokens, long delayMillis) {
    Exchange admission = record.exchange(tag);
    NativeTransport.admit(handle, tag, limit, tokens, delayMillis);
    return admission;
  }

  /** Closes the transport and waits for its thread. */
  public void shutDown() {
    if (NativeTransport.close(handle)) {
      Waiting.await(record.threadEnded);
    }
  }

  @Override
  public void close() {
    shutDown();
    NativeTransport.destroy(handle);
  }

  /** What became of an exchange. */
  public static final class Exchange {
    private final CountDownLatch over = new CountDownLatch(1);
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch wanted = new CountDownLatch(1);
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private volatile int status;
    private volatile String headers;
    private volatile String failure;

    /** Waits for the head of the response. */
    public void awaitHead() {
      Waiting.await(begun);
    }

    /** Waits until the body of the request is wanted. */
    public void awaitWish() {
      Waiting.await(wanted);
    }

    public int status() {
      Waiting.await(over);
      return status;
    }

    public String headers() {
      Waiting.await(over);
      return headers;
    }

    public String body() {
      Waiting.await(over);
      return new String(body.toByteArray(), StandardCharsets.UTF_8);
    }

    /** Name of the failure's kind; {@code null} if there was none. */
    public String failure() {
      Waiting.await(over);
      return failure;
    }
  }

  /** Reaches no transport, so that it is not what keeps one alive. */
  private static final class Record implements TransportUpcalls {
    private final Map<Long, Exchange> exchanges = new ConcurrentHashMap<>();
    private final CountDownLatch threadEnded = new CountDownLatch(1);

    Exchange exchange(long tag) {
      return exchanges.computeIfAbsent(tag, key -> new Exchange());
    }

    @Override
    public void response(long tag, int status, int version, byte[] headers, byte[] session) {
      Exchange exchange = exchange(tag);
      exchange.status = status;
      exchange.headers = new String(headers, StandardCharsets.ISO_8859_1);
      exchange.begun.countDown();
    }

    @Override
    public void body(long tag, byte[] chunk) {
      exchange(tag).body.write(chunk, 0, chunk.length);
    }

    @Override
    public void wantBody(long tag, int chunks) {
      exchange(tag).wanted.countDown();
    }

    @Override
    public void end(long tag) {
      exchange(tag).over.countDown();
    }

    @Override
    public void admitted(long tag, boolean heldByRate) {
      exchange(tag).over.countDown();
    }

    @Override
    public void failed(long tag, int kind, String message) {
      Exchange exchange = exchange(tag);
      exchange.failure = NativeTransport.failureKinds().split(",")[kind];
      exchange.over.countDown();
    }

    @Override
    public void threadEnded() {
      threadEnded.countDown();
    }
  }
}
