// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import java.io.Serializable;
import java.net.URI;
import java.util.Map;
import java.util.Optional;

/** Where models are asked by the OpenAI API, and which. Immutable. */
final class Endpoint implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final String BASE_URL = "OPENAI_BASE_URL";
  private static final String API_KEY = "OPENAI_API_KEY";
  private static final String MODEL = "OPENAI_MODEL";
  private static final String EMBEDDING_MODEL = "OPENAI_EMBEDDING_MODEL";
  private static final String DEFAULT_EMBEDDING_MODEL = "text-embedding-3-small";

  private final String baseUrl;
  private final String apiKey;
  private final String chatModel;
  private final String embeddingModel;

  private Endpoint(String baseUrl, String apiKey, String chatModel, String embeddingModel) {
    this.baseUrl = baseUrl;
    this.apiKey = apiKey;
    this.chatModel = chatModel;
    this.embeddingModel = embeddingModel;
  }

  /** The demo's own model server. */
  static Endpoint local(int port) {
    return new Endpoint(
        "http://127.0.0.1:" + port + "/v1", null, "stand-in", "all-MiniLM-L6-v2 (quantised)");
  }

  /**
   * The endpoint that the environment names; empty unless {@code OPENAI_BASE_URL} is set, so that a
   * key which lies about for other programs is not spent.
   *
   * @throws InputException if the address is none or the model's name is missing
   */
  static Optional<Endpoint> of(Map<String, String> environment) throws InputException {
    String baseUrl = environment.getOrDefault(BASE_URL, "").replaceAll("/+$", "");
    if (baseUrl.isEmpty()) {
      return Optional.empty();
    }
    if (!baseUrl.matches("https?://[^/\\s]+\\S*")) {
      throw new InputException(
          BASE_URL + "=" + baseUrl + " is no address such as https://api.openai.com/v1");
    }
    String chatModel = environment.getOrDefault(MODEL, "");
    if (chatModel.isEmpty()) {
      throw new InputException(MODEL + " must name the chat model to ask at " + baseUrl);
    }
    return Optional.of(
        new Endpoint(
            baseUrl,
            environment.get(API_KEY),
            chatModel,
            environment.getOrDefault(EMBEDDING_MODEL, DEFAULT_EMBEDDING_MODEL)));
  }

  /** Whether it is asked over TLS. */
  boolean isSecure() {
    return baseUrl.startsWith("https:");
  }

  URI url(String path) {
    return URI.create(baseUrl + path);
  }

  Optional<String> apiKey() {
    return Optional.ofNullable(apiKey);
  }

  String chatModel() {
    return chatModel;
  }

  String embeddingModel() {
    return embeddingModel;
  }
}
