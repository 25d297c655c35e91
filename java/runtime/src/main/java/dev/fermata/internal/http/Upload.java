// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.io.IOException;
import java.net.http.HttpRequest.BodyPublisher;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Takes a request body from its publisher as fast as the transport wants it. The publisher is asked
 * serially on the client's executor, but beside the response: it may block while that arrives.
 */
final class Upload implements Flow.Subscriber<ByteBuffer>, Runnable {
  private final Exchange<?> exchange;
  private final BodyPublisher publisher;
  private final long length;
  private final Executor executor;
  private final AtomicLong wanted = new AtomicLong();
  private final AtomicInteger signals = new AtomicInteger();
  private volatile Flow.Subscription subscription;
  private volatile boolean over;
  private boolean begun;
  private long sent;

  Upload(Exchange<?> exchange, RequestBody body, Executor executor) {
    this.exchange = exchange;
    this.publisher = body.publisher();
    this.length = body.length();
    this.executor = executor;
  }

  /** The transport takes so many chunks more. */
  void request(int chunks) {
    wanted.addAndGet(chunks);
    signal();
  }

  /** Nothing more is wanted, for good or because all is there. */
  void cancel() {
    if (!over) {
      over = true;
      Flow.Subscription active = subscription;
      if (active != null) {
        active.cancel();
      }
    }
  }

  private void signal() {
    if (signals.getAndIncrement() == 0) {
      try {
        executor.execute(this);
      } catch (RejectedExecutionException refused) {
        fail(new IOException("The client's executor refused a task", refused));
      }
    }
  }

  @Override
  public void run() {
    int seen = signals.get();
    while (seen != 0) {
      try {
        ask();
      } catch (RuntimeException | Error thrown) {
        fail(thrown);
      }
      seen = signals.addAndGet(-seen);
    }
  }

  private void ask() {
    if (!begun) {
      begun = true;
      publisher.subscribe(this);
    }
    Flow.Subscription active = subscription;
    if (active != null && !over) {
      long chunks = wanted.getAndSet(0);
      if (chunks > 0) {
        active.request(chunks);
      }
    }
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    if (subscription != null) {
      given.cancel();
      fail(new IllegalStateException("the publisher subscribed twice"));
      return;
    }
    subscription = given;
    if (over) {
      given.cancel();
    } else {
      signal();
    }
  }

  @Override
  public void onNext(ByteBuffer buffer) {
    if (over) {
      return;
    }
    byte[] chunk = new byte[buffer.remaining()];
    buffer.get(chunk);
    sent += chunk.length;
    if (length >= 0 && sent > length) {
      fail(
          new IOException(
              "Too many bytes in request body. Expected: " + length + ", got: " + sent));
    } else if (chunk.length == 0) {
      subscription.request(1);
    } else {
      exchange.upload(chunk);
    }
  }

  @Override
  public void onError(Throwable thrown) {
    fail(thrown);
  }

  @Override
  public void onComplete() {
    if (over) {
      return;
    }
    if (sent < length) {
      fail(
          new IOException("Too few bytes returned by the publisher (" + sent + "/" + length + ")"));
    } else {
      over = true;
      exchange.upload(null);
    }
  }

  private void fail(Throwable reason) {
    if (!over) {
      cancel();
      exchange.abort(reason);
    }
  }
}
