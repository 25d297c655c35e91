// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import static java.util.stream.Collectors.toList;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.fermata.ActionLoop;
import dev.fermata.examples.triage.ModelCall.Kind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Triage against models that answer by rules: "bad" texts lie on another axis than all others. */
class TriageTest {
  private final AtomicInteger refusals = new AtomicInteger();
  private final CallLog alone = new CallLog();
  private final CallLog calls = new CallLog();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer server;
  private ModelClient model;
  private volatile int refusal;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.setExecutor(threads);
    server.createContext("/v1/embeddings", this::embed);
    server.createContext("/v1/chat/completions", TriageTest::draft);
    server.start();
    model = new ModelClient(Endpoint.local(server.getAddress().getPort()));
  }

  @AfterEach
  void stop() {
    server.stop(0);
    threads.shutdownNow();
  }

  @Test
  void answersNegativeReviewsOnly() throws Exception {
    List<TriagedReview> results = triage("good", "bad", "good");

    assertThat(results.stream().map(r -> r.reply().orElse("-")).collect(toList()))
        .containsExactly("-", "sorry", "-");
    assertThat(alone.calls()).hasSize(NearestPrototype.sentences().size());
    assertThat(calls.calls())
        .extracting(ModelCall::kind)
        .containsExactlyInAnyOrder(Kind.EMBED, Kind.EMBED, Kind.EMBED, Kind.DRAFT);
  }

  @Test
  void asksABusyModelAgain() throws Exception {
    refusal = 429;
    refusals.set(3);

    assertThat(triage("good", "bad").get(1).reply()).hasValue("sorry");
  }

  @Test
  void reportsAReviewWithoutAnswerAndGoesOn() throws Exception {
    List<TriagedReview> results = triage("good", "broken model", "bad");

    assertThat(results.get(1).failure()).hasValueSatisfying(m -> assertThat(m).contains("500"));
    assertThat(results.get(2).reply()).hasValue("sorry");
  }

  @Test
  void failsAtOnceIfTheModelRefusesThePrototypes() {
    refusal = 401;
    refusals.set(1);

    assertThatThrownBy(() -> triage("good"))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("/v1/embeddings: answered 401");
  }

  private List<TriagedReview> triage(String... texts) throws Exception {
    List<Review> reviews =
        List.of(texts).stream().map(t -> new Review(t, 1.0, t)).collect(toList());
    AtomicInteger done = new AtomicInteger();
    try (ActionLoop loop = ActionLoop.builder().asyncThreads(4).maxActions(4).build()) {
      List<TriagedReview> results =
          Triage.prepare(loop, model, alone, calls).run(reviews, done::incrementAndGet);
      assertThat(done).hasValue(texts.length);
      return results;
    }
  }

  private void embed(HttpExchange exchange) throws IOException {
    String request = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    if (refusals.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      exchange.getResponseHeaders().add("Retry-After", "0");
      send(exchange, refusal, "{}");
    } else if (request.contains("broken model")) {
      send(exchange, 500, "{}");
    } else {
      boolean bad =
          request.contains("bad")
              || NearestPrototype.COMPLAINTS.stream().anyMatch(request::contains);
      String vector = bad ? "[0,1]" : "[1,0]";
      send(exchange, 200, "{\"data\":[{\"embedding\":" + vector + "}]}");
    }
  }

  private static void draft(HttpExchange exchange) throws IOException {
    exchange.getRequestBody().readAllBytes();
    send(exchange, 200, "{\"choices\":[{\"message\":{\"content\":\"sorry\"}}]}");
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }
}
