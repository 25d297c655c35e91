// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.trip;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The slow services, on a free port of this machine: {@code /hotel?to=Oslo} is answered after a
 * while, by "hotel for to=Oslo". Requests that wait hold no thread. Runs until {@link #close}.
 */
final class SlowServices implements AutoCloseable {
  private final HttpServer server;
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private final Duration delay;

  SlowServices(Duration delay) throws IOException {
    this.delay = delay;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange ->
            clock.schedule(() -> answer(exchange), delay.toMillis(), TimeUnit.MILLISECONDS));
    server.start();
  }

  URI address() {
    return URI.create(
        "http://" + server.getAddress().getHostString() + ":" + server.getAddress().getPort());
  }

  Duration delay() {
    return delay;
  }

  private static void answer(HttpExchange exchange) {
    URI uri = exchange.getRequestURI();
    byte[] body =
        (uri.getPath().substring(1) + " for " + uri.getQuery()).getBytes(StandardCharsets.UTF_8);
    try (exchange) {
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    } catch (IOException gone) {
      throw new UncheckedIOException("Whoever asked for " + uri + " is gone", gone);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    clock.shutdownNow();
  }
}
