// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fermata.http.NativeHttpClient;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Asks models by the OpenAI API. A call that is under way holds no thread: what it returns
 * completes when the answer is there, with a {@link ModelException} if there is none. Any number of
 * threads may use it at once. Owns its connections and its threads until it is closed.
 */
final class ModelClient implements AutoCloseable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration DEFAULT_PAUSE = Duration.ofSeconds(1);
  private static final int EXCERPT = 200;

  private final ObjectMapper json = new ObjectMapper();
  private final NativeHttpClient http;
  private final Endpoint endpoint;

  ModelClient(Endpoint endpoint) {
    this.endpoint = endpoint;
    NativeHttpClient.Builder client = NativeHttpClient.newBuilder().name("models");
    client.connectTimeout(CONNECT_TIMEOUT);
    // Without TLS the JDK's client, which stands in for the native one, would ask for an upgrade.
    client.version(endpoint.isSecure() ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1);
    this.http = client.build();
  }

  /** The vector that stands for a text; its length is the model's. */
  CompletableFuture<float[]> embed(String text) {
    ObjectNode request = json.createObjectNode();
    request.put("model", endpoint.embeddingModel()).put("input", text);
    return post("/embeddings", request, "/data/0/embedding").thenApply(ModelClient::vector);
  }

  private static float[] vector(JsonNode components) {
    float[] vector = new float[components.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = components.get(i).floatValue();
    }
    return vector;
  }

  /** What a chat model answers to one message. */
  CompletableFuture<String> chat(String instruction, String message) {
    ObjectNode request = json.createObjectNode();
    request.put("model", endpoint.chatModel());
    request
        .putArray("messages")
        .add(json.createObjectNode().put("role", "system").put("content", instruction))
        .add(json.createObjectNode().put("role", "user").put("content", message));
    return post("/chat/completions", request, "/choices/0/message/content")
        .thenApply(JsonNode::asText);
  }

  /** Gives up the calls that are under way. */
  @Override
  public void close() {
    http.shutdownNow();
  }

  /** The part of the answer that is asked for, as a JSON pointer. */
  private CompletableFuture<JsonNode> post(String path, ObjectNode body, String part) {
    URI url = endpoint.url(path);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(url)
            .timeout(ANSWER_TIMEOUT)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
    endpoint.apiKey().ifPresent(key -> request.header("Authorization", "Bearer " + key));
    return http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString())
        .handle(
            (response, failure) -> {
              if (failure != null) {
                throw new ModelException(url + ": no answer: " + failure, failure);
              }
              return part(url, response, part);
            });
  }

  private JsonNode part(URI url, HttpResponse<String> response, String part) {
    if (response.statusCode() != 200) {
      throw refused(url, response);
    }
    try {
      JsonNode answer = json.readTree(response.body()).at(part);
      if (answer.isMissingNode()) {
        throw new ModelException(url + ": the answer lacks " + part);
      }
      return answer;
    } catch (JsonProcessingException e) {
      throw new ModelException(url + ": the answer is not JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static ModelException refused(URI url, HttpResponse<String> response) {
    int status = response.statusCode();
    String body = response.body();
    String excerpt = body.length() > EXCERPT ? body.substring(0, EXCERPT) + "…" : body;
    boolean busy = status == 429 || status == 503;
    String message = url + ": answered " + status + ": " + excerpt.strip();
    return busy ? new ModelException(message, pause(response)) : new ModelException(message);
  }

  private static Duration pause(HttpResponse<String> response) {
    return response
        .headers()
        .firstValue("Retry-After")
        .filter(seconds -> seconds.matches("\\d{1,3}"))
        .map(seconds -> Duration.ofSeconds(Long.parseLong(seconds)))
        .orElse(DEFAULT_PAUSE);
  }
}
