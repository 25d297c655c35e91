// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/**
 * Asks models by the OpenAI API, each call blocking its thread until the answer is there. Any
 * number of threads may use it at once.
 */
final class ModelClient {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(60);
  private static final Duration DEFAULT_PAUSE = Duration.ofSeconds(1);
  private static final int EXCERPT = 200;

  private final ObjectMapper json = new ObjectMapper();
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .build();
  private final Endpoint endpoint;

  ModelClient(Endpoint endpoint) {
    this.endpoint = endpoint;
  }

  /**
   * The vector that stands for a text; its length is the model's.
   *
   * @throws ModelException if there is no answer
   */
  float[] embed(String text) {
    ObjectNode request = json.createObjectNode();
    request.put("model", endpoint.embeddingModel()).put("input", text);
    JsonNode components = post("/embeddings", request, "/data/0/embedding");
    float[] vector = new float[components.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = components.get(i).floatValue();
    }
    return vector;
  }

  /**
   * What a chat model answers to one message.
   *
   * @throws ModelException if there is no answer
   */
  String chat(String instruction, String message) {
    ObjectNode request = json.createObjectNode();
    request.put("model", endpoint.chatModel());
    request
        .putArray("messages")
        .add(json.createObjectNode().put("role", "system").put("content", instruction))
        .add(json.createObjectNode().put("role", "user").put("content", message));
    return post("/chat/completions", request, "/choices/0/message/content").asText();
  }

  /** The part of the answer that is asked for, as a JSON pointer. */
  private JsonNode post(String path, ObjectNode body, String part) {
    URI url = endpoint.url(path);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(url)
            .timeout(ANSWER_TIMEOUT)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
    endpoint.apiKey().ifPresent(key -> request.header("Authorization", "Bearer " + key));
    try {
      HttpResponse<String> response =
          http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw refused(url, response);
      }
      JsonNode answer = json.readTree(response.body()).at(part);
      if (answer.isMissingNode()) {
        throw new ModelException(url + ": the answer lacks " + part);
      }
      return answer;
    } catch (JsonProcessingException e) {
      throw new ModelException(url + ": the answer is not JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new ModelException(url + ": no answer: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ModelException(url + ": interrupted while waiting for the answer", e);
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
