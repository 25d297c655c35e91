// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import reactor.core.publisher.Mono;
import reactor.netty.http.Http11SslContextSpec;
import reactor.netty.http.Http2SslContextSpec;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.Http2AllocationStrategy;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClient.ResponseReceiver;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.tcp.SslProvider.GenericSslContextSpec;

/**
 * Reactor Netty on epoll and BoringSSL. Its pool, which would hold 500 connections and refuse 1,000
 * requests that wait for one, is as large as is needed.
 */
final class ReactorNetty implements Contender {
  /** More than the whole of a burst of handshakes takes; the default is 10 s. */
  private static final Duration HANDSHAKE = Duration.ofMinutes(1);

  private final ConnectionProvider pool;
  private final HttpClient plain;
  private final HttpClient secure;

  ReactorNetty(boolean http2) {
    ConnectionProvider.Builder builder =
        ConnectionProvider.builder("bench").maxConnections(20_000).pendingAcquireMaxCount(-1);
    if (http2) {
      builder.allocationStrategy(
          Http2AllocationStrategy.builder()
              .maxConcurrentStreams(20_000)
              .minConnections(1)
              .maxConnections(1)
              .build());
    }
    pool = builder.build();
    plain = HttpClient.create(pool).protocol(HttpProtocol.HTTP11);
    GenericSslContextSpec<?> tls =
        http2 ? Http2SslContextSpec.forClient() : Http11SslContextSpec.forClient();
    secure =
        HttpClient.create(pool)
            .protocol(http2 ? HttpProtocol.H2 : HttpProtocol.HTTP11)
            .secure(spec -> spec.sslContext(tls).handshakeTimeout(HANDSHAKE));
  }

  @Override
  public void begin(Work work, int lanes) {
    for (int i = 0; i < lanes; i++) {
      work.asynchronousLane(() -> call(work));
    }
  }

  private CompletableFuture<Integer> call(Work work) {
    HttpClient client = work.uri().getScheme().equals("https") ? secure : plain;
    ResponseReceiver<?> response =
        client
            .headers(headers -> headers.set("Content-Length", Work.BODY.length))
            .post()
            .uri(work.uri())
            .send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(Work.BODY)));
    return work.streams()
        ? response
            .response((head, body) -> body.collect(EventCount::new, ReactorNetty::add))
            .single()
            .map(EventCount::count)
            .toFuture()
        : response
            .responseSingle((head, body) -> body.asByteArray().map(bytes -> bytes.length))
            .toFuture();
  }

  private static void add(EventCount events, ByteBuf chunk) {
    chunk.forEachByte(
        next -> {
          events.add(next);
          return true;
        });
  }

  @Override
  public void close() {
    pool.dispose();
  }
}
