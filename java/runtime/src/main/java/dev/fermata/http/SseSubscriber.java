// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import dev.fermata.internal.execution.CurrentAction;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.Spliterator;
import java.util.Spliterators.AbstractSpliterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Parses the chunks of a response on the client's executor and hands the events to one reader, who
 * asks for the next chunk when it has read all events of those before.
 */
final class SseSubscriber implements BodySubscriber<Stream<SseEvent>> {
  private final CompletableFuture<Stream<SseEvent>> body = new CompletableFuture<>();
  private final Queue<SseEvent> events = new ArrayDeque<>();
  private final SseParser parser;
  private Flow.Subscription subscription;
  private CompletableFuture<Void> arrival = new CompletableFuture<>();
  private Throwable failure;
  private boolean ended;

  SseSubscriber(long maxLength) {
    parser = new SseParser(events::add, maxLength);
  }

  @Override
  public CompletionStage<Stream<SseEvent>> getBody() {
    return body;
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription = given;
    given.request(1);
    body.complete(StreamSupport.stream(new Events(), false).onClose(given::cancel));
  }

  @Override
  public void onNext(List<ByteBuffer> chunk) {
    CompletableFuture<Void> arrived;
    synchronized (events) {
      chunk.forEach(parser::accept);
      arrived = arrival;
    }
    arrived.complete(null);
  }

  @Override
  public void onError(Throwable thrown) {
    end(thrown);
  }

  @Override
  public void onComplete() {
    end(null);
  }

  private void end(Throwable thrown) {
    CompletableFuture<Void> arrived;
    synchronized (events) {
      ended = true;
      failure = thrown;
      arrived = arrival;
    }
    arrived.complete(null);
  }

  /** The next event, or {@code null} at the end; waits for one. */
  private SseEvent next() {
    while (true) {
      CompletableFuture<Void> awaited;
      synchronized (events) {
        SseEvent event = events.poll();
        if (event != null) {
          return event;
        }
        if (ended) {
          if (failure != null) {
            throw new UncheckedIOException(new IOException(failure.getMessage(), failure));
          }
          return null;
        }
        if (arrival.isDone()) {
          arrival = new CompletableFuture<>();
          subscription.request(1);
        }
        awaited = arrival;
      }
      await(awaited);
    }
  }

  /** Suspends the action that reads, or blocks its thread. */
  private void await(CompletableFuture<Void> awaited) {
    try {
      if (CurrentAction.isPresent()) {
        CurrentAction.await(awaited);
      } else {
        awaited.get();
      }
    } catch (InterruptedException interrupted) {
      subscription.cancel();
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(
          new IOException("Interrupted while waiting for an event", interrupted));
    } catch (ExecutionException impossible) {
      throw new IllegalStateException(impossible);
    } catch (RuntimeException | Error cancelled) {
      subscription.cancel();
      throw cancelled;
    }
  }

  private final class Events extends AbstractSpliterator<SseEvent> {
    Events() {
      super(Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL);
    }

    @Override
    public boolean tryAdvance(Consumer<? super SseEvent> action) {
      SseEvent event = next();
      if (event != null) {
        action.accept(event);
      }
      return event != null;
    }
  }
}
