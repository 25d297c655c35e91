// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.trip;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;

/** The example, over HTTP, with services that answer when the test says so. */
class TripApplicationTest {
  private static final int SERVICES = 5;

  private final HttpClient client = HttpClient.newHttpClient();
  private final ObjectMapper json = new ObjectMapper();
  private final BlockingQueue<HttpExchange> asked = new LinkedBlockingQueue<>();
  private HttpServer services;
  private ServletWebServerApplicationContext application;

  @BeforeEach
  void start() throws IOException {
    services = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    services.createContext("/", asked::add);
    services.start();
    application =
        (ServletWebServerApplicationContext)
            new SpringApplicationBuilder(TripApplication.class)
                .properties("trip.services=http://localhost:" + services.getAddress().getPort())
                .run();
  }

  @AfterEach
  void stop() {
    application.close();
    services.stop(0);
  }

  @Test
  void aTripAsksAllServicesAtOnceAndWaitsWithoutAThread() throws Exception {
    CompletableFuture<JsonNode> trip = ask("/trip?to=Oslo");
    List<HttpExchange> open = new ArrayList<>();
    for (int i = 0; i < SERVICES; i++) {
      open.add(asked.take());
    }
    while (executor().get("suspended").asInt() == 0) {
      Thread.onSpinWait();
    }

    JsonNode executor = executor();
    assertThat(executor.get("suspendedActions").get(0).get("waitsFor").asText()).isNotBlank();
    assertThat(executor.get("limits").get("concurrency").asInt()).isEqualTo(512);
    for (HttpExchange exchange : open) {
      answer(exchange, 200);
    }
    assertThat(trip.join())
        .isEqualTo(
            json.readTree(
                """
                {"to": "Oslo", "flight": "/flight?to=Oslo", "hotel": "/hotel?to=Oslo",
                 "sight": "/sight?to=Oslo", "weather": "/weather?to=Oslo",
                 "papers": "/papers?to=Oslo"}
                """));
  }

  @Test
  void aServiceThatFailsFailsTheTrip() throws Exception {
    CompletableFuture<JsonNode> trip = ask("/trip?to=Oslo");
    for (int i = 0; i < SERVICES; i++) {
      HttpExchange exchange = asked.take();
      answer(exchange, exchange.getRequestURI().getPath().equals("/hotel") ? 500 : 200);
    }

    assertThat(trip.join().get("status").asInt()).isEqualTo(500);
  }

  @Test
  void theMetersOfTheExecutorsAreServed() {
    JsonNode meter =
        ask("/actuator/metrics/fermata.executor.concurrency?tag=executor:applicationTaskExecutor")
            .join();

    assertThat(meter.get("measurements").get(0).get("value").asInt()).isEqualTo(512);
  }

  private JsonNode executor() {
    return ask("/actuator/fermata/applicationTaskExecutor").join();
  }

  private CompletableFuture<JsonNode> ask(String path) {
    URI uri = URI.create("http://localhost:" + application.getWebServer().getPort() + path);
    return client
        .sendAsync(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofInputStream())
        .thenApply(
            response -> {
              try {
                return json.readTree(response.body());
              } catch (IOException broken) {
                throw new UncheckedIOException(broken);
              }
            });
  }

  private static void answer(HttpExchange exchange, int status) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestURI().toString().getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }
}
