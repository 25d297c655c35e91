// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.http;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.apache.hc.client5.http.async.methods.AbstractBinResponseConsumer;
import org.apache.hc.client5.http.async.methods.SimpleHttpRequest;
import org.apache.hc.client5.http.async.methods.SimpleHttpResponse;
import org.apache.hc.client5.http.async.methods.SimpleRequestBuilder;
import org.apache.hc.client5.http.async.methods.SimpleRequestProducer;
import org.apache.hc.client5.http.async.methods.SimpleResponseConsumer;
import org.apache.hc.client5.http.config.TlsConfig;
import org.apache.hc.client5.http.impl.async.CloseableHttpAsyncClient;
import org.apache.hc.client5.http.impl.async.HttpAsyncClients;
import org.apache.hc.client5.http.impl.nio.PoolingAsyncClientConnectionManagerBuilder;
import org.apache.hc.core5.concurrent.FutureCallback;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.nio.AsyncResponseConsumer;
import org.apache.hc.core5.http2.HttpVersionPolicy;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.pool.PoolConcurrencyPolicy;

/**
 * Apache HttpClient 5, asynchronous. Its pool, which would hold 25 connections, 5 of them to one
 * server, is as large as is needed, and without the lock over all of it.
 */
final class ApacheAsync implements Contender {
  private final CloseableHttpAsyncClient client;

  ApacheAsync(boolean http2) {
    client = http2 ? HttpAsyncClients.createHttp2Default() : http1();
    client.start();
  }

  private static CloseableHttpAsyncClient http1() {
    return HttpAsyncClients.custom()
        .setConnectionManager(
            PoolingAsyncClientConnectionManagerBuilder.create()
                .setMaxConnTotal(20_000)
                .setMaxConnPerRoute(20_000)
                .setPoolConcurrencyPolicy(PoolConcurrencyPolicy.LAX)
                .setDefaultTlsConfig(
                    TlsConfig.custom().setVersionPolicy(HttpVersionPolicy.FORCE_HTTP_1).build())
                .build())
        .build();
  }

  @Override
  public void begin(Work work, int lanes) {
    for (int i = 0; i < lanes; i++) {
      work.asynchronousLane(() -> call(work));
    }
  }

  private CompletableFuture<Integer> call(Work work) {
    SimpleHttpRequest request =
        SimpleRequestBuilder.post(work.uri())
            .setBody(Work.BODY, ContentType.APPLICATION_JSON)
            .build();
    return work.streams()
        ? execute(request, new EventConsumer()).thenApply(EventCount::count)
        : execute(request, SimpleResponseConsumer.create()).thenApply(ApacheAsync::length);
  }

  private static int length(SimpleHttpResponse response) {
    return response.getBodyBytes().length;
  }

  private <T> CompletableFuture<T> execute(
      SimpleHttpRequest request, AsyncResponseConsumer<T> consumer) {
    CompletableFuture<T> outcome = new CompletableFuture<>();
    client.execute(
        SimpleRequestProducer.create(request),
        consumer,
        new FutureCallback<T>() {
          @Override
          public void completed(T result) {
            outcome.complete(result);
          }

          @Override
          public void failed(Exception failure) {
            outcome.completeExceptionally(failure);
          }

          @Override
          public void cancelled() {
            outcome.cancel(false);
          }
        });
    return outcome;
  }

  @Override
  public void close() {
    client.close(CloseMode.IMMEDIATE);
  }

  private static final class EventConsumer extends AbstractBinResponseConsumer<EventCount> {
    private final EventCount events = new EventCount();

    @Override
    protected void start(HttpResponse response, ContentType type) {}

    @Override
    protected int capacityIncrement() {
      return 4 * 1024;
    }

    @Override
    protected void data(ByteBuffer chunk, boolean last) {
      while (chunk.hasRemaining()) {
        events.add(chunk.get());
      }
    }

    @Override
    protected EventCount buildResult() {
      return events;
    }

    @Override
    public void failed(Exception cause) {}

    @Override
    public void releaseResources() {}
  }
}
