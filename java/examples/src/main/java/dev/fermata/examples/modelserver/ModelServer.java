// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.modelserver;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undertow.Undertow;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * A model server for the demo, a process of its own on a loopback port: {@code POST /v1/embeddings}
 * is answered by {@link MiniLm}, {@code POST /v1/chat/completions} by {@link StandInReplies}, both
 * in the shapes of the OpenAI API and as late as a remote model would answer.
 *
 * <p>An answer leaves between two thirds and four thirds of the mean delay after its request came
 * in; computing counts towards that time. An answer that waits is a timer of an event loop and
 * holds no thread, so thousands can wait at once; as many threads as there are cores compute.
 *
 * <p>Prints {@code listening <port>} once it answers, and ends when its standard input does: thus
 * with the process that started it, however that one ended.
 */
public final class ModelServer {
  private final ObjectMapper json = new ObjectMapper();
  private final Executor compute =
      Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
  private final MiniLm miniLm;
  private final Duration delay;

  private ModelServer(MiniLm miniLm, Duration delay) {
    this.miniLm = miniLm;
    this.delay = delay;
  }

  /**
   * Runs the server until the end of its input.
   *
   * @param arguments the mean delay of an answer in milliseconds
   * @throws Exception if the model cannot be loaded or no port is free
   */
  public static void main(String[] arguments) throws Exception {
    Duration delay = Duration.ofMillis(Long.parseLong(arguments[0]));
    ModelServer server = new ModelServer(new MiniLm(), delay);
    Undertow http =
        Undertow.builder().addHttpListener(0, "127.0.0.1").setHandler(server::accept).build();
    http.start();
    InetSocketAddress address = (InetSocketAddress) http.getListenerInfo().get(0).getAddress();
    System.out.println("listening " + address.getPort());
    awaitEndOfInput();
    Runtime.getRuntime().halt(0);
  }

  private static void awaitEndOfInput() throws IOException {
    int read = 0;
    while (read >= 0) {
      read = System.in.read();
    }
  }

  private void accept(HttpServerExchange exchange) {
    long arrival = System.nanoTime();
    exchange
        .getRequestReceiver()
        .receiveFullBytes(
            (complete, body) -> complete.dispatch(compute, () -> answer(complete, body, arrival)));
  }

  private void answer(HttpServerExchange exchange, byte[] body, long arrival) {
    try {
      ObjectNode answer = answer(exchange.getRequestPath(), json.readTree(body));
      double share = ThreadLocalRandom.current().nextDouble(2 / 3.0, 4 / 3.0);
      long due = arrival + (long) (delay.toNanos() * share);
      exchange
          .getIoThread()
          .executeAfter(
              () -> send(exchange, 200, answer),
              Math.max(0, due - System.nanoTime()),
              TimeUnit.NANOSECONDS);
    } catch (JsonProcessingException | IllegalArgumentException e) {
      send(exchange, 400, error(e));
    } catch (IOException | RuntimeException e) {
      send(exchange, 500, error(e));
    }
  }

  private ObjectNode answer(String path, JsonNode request) {
    switch (path) {
      case "/v1/embeddings":
        return embeddings(request);
      case "/v1/chat/completions":
        return completion(request);
      default:
        throw new IllegalArgumentException("no such endpoint: " + path);
    }
  }

  private ObjectNode embeddings(JsonNode request) {
    JsonNode input = request.path("input");
    ObjectNode answer = json.createObjectNode().put("object", "list");
    ArrayNode data = answer.put("model", request.path("model").asText()).putArray("data");
    for (JsonNode text : input.isArray() ? input : List.of(input)) {
      if (text.asText("").isBlank()) {
        throw new IllegalArgumentException("input must be a text or an array of texts");
      }
      ObjectNode item = data.addObject().put("object", "embedding").put("index", data.size() - 1);
      ArrayNode vector = item.putArray("embedding");
      for (float component : miniLm.vector(text.asText())) {
        vector.add(component);
      }
    }
    return answer;
  }

  private ObjectNode completion(JsonNode request) {
    JsonNode messages = request.path("messages");
    JsonNode content = messages.path(messages.size() - 1).path("content");
    if (!content.isTextual()) {
      throw new IllegalArgumentException("messages must end with one that has a text as content");
    }
    ObjectNode answer = json.createObjectNode().put("object", "chat.completion");
    answer
        .put("model", request.path("model").asText())
        .putArray("choices")
        .addObject()
        .put("index", 0)
        .put("finish_reason", "stop")
        .putObject("message")
        .put("role", "assistant")
        .put("content", StandInReplies.replyTo(content.asText()));
    return answer;
  }

  private ObjectNode error(Exception failure) {
    ObjectNode answer = json.createObjectNode();
    answer.putObject("error").put("message", String.valueOf(failure.getMessage()));
    return answer;
  }

  private static void send(HttpServerExchange exchange, int status, ObjectNode body) {
    exchange.setStatusCode(status);
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "application/json");
    exchange.getResponseSender().send(body.toString());
  }
}
