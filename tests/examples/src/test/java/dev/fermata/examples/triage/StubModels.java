// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Models that answer by rules, at a loopback port: complaints and texts with "bad" in them lie on
 * another axis than all others, "broken model" is answered by an error, every chat by "sorry".
 */
final class StubModels implements AutoCloseable {
  private final AtomicInteger refusals = new AtomicInteger();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;
  private volatile int refusal;
  private volatile boolean sparePrototypes;
  private volatile CountDownLatch together = new CountDownLatch(0);
  private final Queue<String> embedded = new ConcurrentLinkedQueue<>();
  private final AtomicInteger drafts = new AtomicInteger();
  private volatile Semaphore answers = new Semaphore(Integer.MAX_VALUE);
  private volatile CountDownLatch held = new CountDownLatch(0);

  StubModels() throws IOException {
    server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.setExecutor(threads);
    server.createContext("/v1/embeddings", this::embed);
    server.createContext("/v1/chat/completions", this::draft);
    server.start();
  }

  Endpoint endpoint() {
    return Endpoint.local(server.getAddress().getPort());
  }

  String url() {
    return endpoint().url("").toString();
  }

  /** Answers the next embeddings by this status. */
  void refuse(int times, int status) {
    refusal = status;
    refusals.set(times);
  }

  /** As {@link #refuse}, but those of prototypes are answered. */
  void refuseReviews(int times, int status) {
    sparePrototypes = true;
    refuse(times, status);
  }

  /** Answers embeddings of reviews once so many are asked for at the same time. */
  void answerOnceSoManyAsk(int reviews) {
    together = new CountDownLatch(reviews);
  }

  /** Answers so many embeddings of reviews, and holds the next ones until {@link #goOn}. */
  void answerOnly(int reviews, int holding) {
    answers = new Semaphore(reviews);
    held = new CountDownLatch(holding);
  }

  /** Waits until so many embeddings are held as {@link #answerOnly} was told. */
  boolean awaitHeld() throws InterruptedException {
    return held.await(1, TimeUnit.MINUTES);
  }

  void goOn() {
    answers.release(Integer.MAX_VALUE / 2);
  }

  /** The requests for embeddings of reviews that were answered, in that order. */
  List<String> embedded() {
    return List.copyOf(embedded);
  }

  /** How many drafts were answered. */
  int drafts() {
    return drafts.get();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void embed(HttpExchange exchange) throws IOException {
    String request = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    boolean prototype = NearestPrototype.sentences().stream().anyMatch(request::contains);
    if (!(prototype && sparePrototypes)
        && refusals.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      exchange.getResponseHeaders().add("Retry-After", "0");
      send(exchange, refusal, "{}");
      return;
    }
    boolean othersAsk = prototype || (awaitOthers() && awaitTurn());
    if (othersAsk && !prototype) {
      embedded.add(request);
    }
    if (!othersAsk || request.contains("broken model")) {
      send(exchange, 500, "{}");
    } else {
      boolean bad =
          request.contains("bad")
              || NearestPrototype.COMPLAINTS.stream().anyMatch(request::contains);
      String vector = bad ? "[0,1]" : "[1,0]";
      send(exchange, 200, "{\"data\":[{\"embedding\":" + vector + "}]}");
    }
  }

  private boolean awaitOthers() {
    together.countDown();
    try {
      return together.await(1, TimeUnit.MINUTES);
    } catch (InterruptedException stopped) {
      return false;
    }
  }

  private boolean awaitTurn() {
    if (answers.tryAcquire()) {
      return true;
    }
    held.countDown();
    try {
      return answers.tryAcquire(1, TimeUnit.MINUTES);
    } catch (InterruptedException stopped) {
      return false;
    }
  }

  private void draft(HttpExchange exchange) throws IOException {
    drafts.incrementAndGet();
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
