// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One request and its response over the transport, as a queue of events that is worked off serially
 * on the client's executor: whatever is queued when a task runs is done by that task, so that a
 * small response takes one.
 *
 * <p>Any thread may add events; the fields below the queue belong to the task that runs.
 */
final class Exchange<T> implements Runnable, Flow.Subscription {
  /** Chunks that may come before the subscriber asks, so that small bodies need no round trip. */
  private static final int AHEAD = 2;

  /** A body that nobody wants is read up to this length, so that its connection can be kept. */
  private static final long MAX_DISCARDED = 65_536;

  private static final Object END = new Object();

  private enum Phase {
    HEAD,
    DISCARDING,
    BODY,
    OVER
  }

  private final Call<T> call;
  private final Transport transport;
  private final SentRequest request;
  private final Queue<Object> events = new ConcurrentLinkedQueue<>();
  private final AtomicInteger signals = new AtomicInteger();
  private final AtomicLong demand = new AtomicLong();
  private volatile Throwable failure;
  private volatile boolean aborted;
  private volatile boolean ended;
  private volatile boolean unsubscribed;
  private volatile Upload upload;
  private volatile Phase phase = Phase.HEAD;

  private long tag;
  private ResponseHead head;
  private BodySubscriber<T> subscriber;
  private long discarded;

  Exchange(Call<T> call, Transport transport, SentRequest request) {
    this.call = call;
    this.transport = transport;
    this.request = request;
  }

  /** Sends the request, on the calling thread; what comes of it is told on the executor. */
  void begin(byte[] headers, byte[] proxyHeaders, RequestBody body, HttpClient.Version version) {
    signals.set(1);
    tag = transport.newTag(this);
    try {
      if (failure == null) {
        upload = body.isStreamed() ? new Upload(this, body, call.executor()) : null;
        transport.start(tag, request, headers, proxyHeaders, body, version);
        transport.demand(tag, AHEAD);
      }
    } catch (IOException | RuntimeException refused) {
      failure = refused;
      signals.incrementAndGet();
    }
    if (signals.decrementAndGet() != 0) {
      schedule();
    }
  }

  void onHead(ResponseHead received) {
    add(received);
  }

  void onChunk(byte[] chunk) {
    add(chunk);
  }

  void onEnd() {
    ended = true;
    add(END);
  }

  void onWanted(int chunks) {
    upload.request(chunks);
  }

  void onFailure(Throwable reason) {
    if (failure == null) {
      failure = reason;
    }
    signal();
  }

  /** Gives the exchange up, for a reason that is not the transport's. */
  void abort(Throwable reason) {
    aborted = true;
    onFailure(reason);
  }

  /** Whether no more events will be worked off. */
  boolean isOver() {
    return phase == Phase.OVER;
  }

  /** Sends a chunk of the request's body, or its end. */
  void upload(byte[] chunk) {
    transport.upload(tag, chunk);
  }

  @Override
  public void request(long items) {
    if (items <= 0) {
      abort(new IllegalArgumentException("a subscriber must ask for a positive number of items"));
      return;
    }
    demand.accumulateAndGet(items, (now, more) -> now + more < 0 ? Long.MAX_VALUE : now + more);
    if (!ended) {
      transport.demand(tag, items);
    }
    signal();
  }

  @Override
  public void cancel() {
    unsubscribed = true;
    transport.cancel(tag);
    signal();
  }

  private void add(Object event) {
    events.add(event);
    signal();
  }

  private void signal() {
    if (signals.getAndIncrement() == 0) {
      schedule();
    }
  }

  private void schedule() {
    try {
      call.executor().execute(this);
    } catch (RejectedExecutionException refused) {
      abort(new IOException("The client's executor refused a task", refused));
      ForkJoinPool.commonPool().execute(this);
    }
  }

  @Override
  public void run() {
    int seen = signals.get();
    while (seen != 0) {
      try {
        work();
      } catch (Throwable thrown) {
        fail(thrown);
      }
      seen = signals.addAndGet(-seen);
    }
  }

  private void work() throws IOException {
    Throwable failed = failure;
    while (phase != Phase.OVER && !unsubscribed && !aborted) {
      Object event = events.peek();
      if (event == null || event instanceof byte[] && phase == Phase.BODY && !takeDemand()) {
        break;
      }
      handle(events.remove());
    }
    if (phase == Phase.OVER) {
      return;
    }
    if (unsubscribed) {
      over();
      call.end();
    } else if (failed != null) {
      fail(failed);
    }
  }

  private boolean takeDemand() {
    return demand.getAndUpdate(now -> now == 0 || now == Long.MAX_VALUE ? now : now - 1) != 0;
  }

  private void handle(Object event) throws IOException {
    if (event == END) {
      end();
    } else if (phase == Phase.HEAD) {
      begin((ResponseHead) event);
    } else if (phase == Phase.DISCARDING) {
      discard((byte[]) event);
    } else {
      subscriber.onNext(List.of(ByteBuffer.wrap((byte[]) event).asReadOnlyBuffer()));
    }
  }

  private void begin(ResponseHead received) throws IOException {
    head = received;
    if (call.isToBeContinued(request, received)) {
      phase = Phase.DISCARDING;
      return;
    }
    subscriber = call.subscriber(received);
    phase = Phase.BODY;
    subscriber.onSubscribe(this);
    call.respondWith(subscriber, request, received);
  }

  private void discard(byte[] chunk) {
    discarded += chunk.length;
    if (discarded > MAX_DISCARDED) {
      over();
      call.next(request, head);
    } else {
      transport.demand(tag, 1);
    }
  }

  private void end() {
    boolean wasDiscarding = phase == Phase.DISCARDING;
    over();
    if (wasDiscarding) {
      call.next(request, head);
    } else {
      call.end();
      subscriber.onComplete();
    }
  }

  private void fail(Throwable reason) {
    Phase was = phase;
    over();
    if (was == Phase.DISCARDING && !aborted) {
      call.next(request, head);
      return;
    }
    if (was == Phase.HEAD && call.isToBeRepeated(request, reason)) {
      return;
    }
    try {
      if (was == Phase.BODY) {
        subscriber.onError(
            reason instanceof CancellationException ? new IOException(reason) : reason);
      }
    } finally {
      call.fail(reason);
    }
  }

  private void over() {
    phase = Phase.OVER;
    events.clear();
    transport.cancel(tag);
    Upload unfinished = upload;
    if (unfinished != null) {
      unfinished.cancel();
    }
  }
}
