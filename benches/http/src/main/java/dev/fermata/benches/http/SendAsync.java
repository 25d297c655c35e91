// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.http;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/**
 * {@code sendAsync} of any client of the JDK's type. Streams are read chunk by chunk, on demand.
 */
final class SendAsync implements Contender {
  private final HttpClient client;
  private final Runnable end;

  SendAsync(HttpClient client, Runnable end) {
    this.client = client;
    this.end = end;
  }

  static HttpRequest request(Work work) {
    return HttpRequest.newBuilder(work.uri()).POST(BodyPublishers.ofByteArray(Work.BODY)).build();
  }

  @Override
  public void begin(Work work, int lanes) {
    for (int i = 0; i < lanes; i++) {
      work.asynchronousLane(() -> call(work));
    }
  }

  private CompletableFuture<Integer> call(Work work) {
    return work.streams()
        ? client
            .sendAsync(request(work), head -> new CountingSubscriber())
            .thenApply(HttpResponse::body)
        : client
            .sendAsync(request(work), BodyHandlers.ofByteArray())
            .thenApply(response -> response.body().length);
  }

  @Override
  public void close() {
    end.run();
  }

  private static final class CountingSubscriber implements BodySubscriber<Integer> {
    private final CompletableFuture<Integer> body = new CompletableFuture<>();
    private final EventCount events = new EventCount();
    private Flow.Subscription chunks;

    @Override
    public CompletionStage<Integer> getBody() {
      return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      chunks = subscription;
      chunks.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> chunk) {
      for (ByteBuffer part : chunk) {
        while (part.hasRemaining()) {
          events.add(part.get());
        }
      }
      chunks.request(1);
    }

    @Override
    public void onError(Throwable failure) {
      body.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
      body.complete(events.count());
    }
  }
}
