// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import dev.fermata.internal.execution.CurrentAction;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The body of a response as a stream, with the semantics of the JDK's own, for any {@code
 * HttpClient}: what the client's executor brings waits here for one reader, at most one item beyond
 * the one being read. Where the JDK's blocks a thread, this suspends the action that reads; it has
 * no monitor, under which an action could not be suspended.
 *
 * <p>Bytes that came before a failure can be read before it is thrown. {@link #close} may come from
 * any thread, and ends a read that waits.
 */
final class ResponseStream extends InputStream implements BodySubscriber<InputStream> {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final CompletableFuture<InputStream> body = new CompletableFuture<>();
  private final Queue<List<ByteBuffer>> items = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile CompletableFuture<Void> arrival;
  private volatile Flow.Subscription subscription;
  private volatile Throwable failure;
  private volatile boolean ended;

  private Iterator<ByteBuffer> item = Collections.emptyIterator();
  private ByteBuffer current = NOTHING;

  @Override
  public CompletionStage<InputStream> getBody() {
    return body;
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    if (subscription != null) {
      given.cancel();
      return;
    }
    subscription = given;
    given.request(1);
    body.complete(this);
  }

  @Override
  public void onNext(List<ByteBuffer> next) {
    items.add(next);
    signal();
  }

  @Override
  public void onError(Throwable thrown) {
    failure = Objects.requireNonNull(thrown);
    ended = true;
    signal();
    body.completeExceptionally(thrown);
  }

  @Override
  public void onComplete() {
    ended = true;
    signal();
  }

  private void signal() {
    CompletableFuture<Void> awaited = arrival;
    if (awaited != null) {
      awaited.complete(null);
    }
  }

  @Override
  public int read() throws IOException {
    return advance() ? current.get() & 0xff : -1;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, into.length);
    if (length == 0) {
      return 0;
    }
    if (!advance()) {
      return -1;
    }
    int count = Math.min(length, current.remaining());
    current.get(into, offset, count);
    return count;
  }

  /** Returns a number of bytes that can be read without waiting; 0 if that is not known. */
  @Override
  public int available() {
    if (closed.get()) {
      return 0;
    }
    if (current.hasRemaining()) {
      return current.remaining();
    }
    return item.hasNext() || !items.isEmpty() ? 1 : 0;
  }

  /** Ends the exchange, unless it has ended. Idempotent. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      if (!ended) {
        subscription.cancel();
      }
      items.clear();
      signal();
    }
  }

  /** Goes to the next byte; returns whether there is one. Waits until that is known. */
  private boolean advance() throws IOException {
    while (!closed.get()) {
      if (current.hasRemaining()) {
        return true;
      }
      if (item.hasNext()) {
        current = item.next();
        continue;
      }
      boolean last = ended;
      List<ByteBuffer> next = items.poll();
      if (next != null) {
        item = next.iterator();
        if (!last) {
          subscription.request(1);
        }
      } else if (!last) {
        await();
      } else if (failure == null) {
        return false;
      } else {
        break;
      }
    }
    throw new IOException("closed", failure);
  }

  private void await() throws IOException {
    CompletableFuture<Void> awaited = new CompletableFuture<>();
    arrival = awaited;
    // What came before was not told to this one.
    if (!items.isEmpty() || ended || closed.get()) {
      return;
    }
    try {
      if (CurrentAction.isPresent()) {
        CurrentAction.await(awaited);
      } else {
        awaited.get();
      }
    } catch (InterruptedException interrupted) {
      close();
      Thread.currentThread().interrupt();
      throw new IOException(interrupted);
    } catch (ExecutionException impossible) {
      throw new IllegalStateException(impossible);
    } catch (RuntimeException | Error cancelledOrAborted) {
      close();
      throw cancelledOrAborted;
    }
  }
}
