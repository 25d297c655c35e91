// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HttpString;
import java.io.Closeable;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;

/**
 * Undertow, a server not written for these tests: HTTP/1.1 in plain text, HTTP/1.1 and HTTP/2 over
 * TLS. It echoes the request unless told otherwise.
 */
final class KnownServer implements Closeable {
  private final AtomicReference<HttpHandler> handler = new AtomicReference<>(KnownServer::echo);
  private final Undertow undertow;

  KnownServer(TestAuthority authority) {
    this(authority.serverContext("localhost", Duration.ofDays(1)));
  }

  KnownServer(SSLContext tls) {
    undertow =
        Undertow.builder()
            .addHttpListener(0, "localhost")
            .addHttpsListener(0, "localhost", tls)
            .setServerOption(UndertowOptions.ENABLE_HTTP2, true)
            .setServerOption(UndertowOptions.MAX_ENTITY_SIZE, 10_000_000L)
            .setIoThreads(1)
            .setWorkerThreads(4)
            .setHandler(exchange -> handler.get().handleRequest(exchange))
            .build();
    undertow.start();
  }

  KnownServer handling(HttpHandler code) {
    handler.set(code);
    return this;
  }

  URI plain(String pathAndQuery) {
    return URI.create("http://localhost:" + port(0) + pathAndQuery);
  }

  URI secure(String pathAndQuery) {
    return URI.create("https://localhost:" + port(1) + pathAndQuery);
  }

  int port(int listener) {
    return ((InetSocketAddress) undertow.getListenerInfo().get(listener).getAddress()).getPort();
  }

  private static void echo(HttpServerExchange exchange) {
    exchange
        .getRequestReceiver()
        .receiveFullBytes(
            (received, body) -> {
              received
                  .getResponseHeaders()
                  .put(new HttpString("X-Method"), received.getRequestMethod().toString());
              received
                  .getResponseHeaders()
                  .put(new HttpString("X-Protocol"), received.getProtocol().toString());
              received
                  .getResponseHeaders()
                  .put(
                      new HttpString("X-Target"),
                      received.getRequestURI() + "?" + received.getQueryString());
              received.getResponseSender().send(ByteBuffer.wrap(body));
            });
  }

  @Override
  public void close() {
    undertow.stop();
  }
}
