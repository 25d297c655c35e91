// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.http.conformance.ScriptedServer;
import dev.langchain4j.http.client.jdk.JdkHttpClient;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.http.HttpMethod;
import org.springframework.http.client.ClientHttpRequest;
import org.springframework.http.client.ClientHttpResponse;
import org.springframework.http.client.JdkClientHttpRequestFactory;

/** Libraries that take an {@code HttpClient} or its builder, unchanged. */
@Tag("java17")
@Timeout(value = 40, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LibrariesTest {
  @Test
  void springsRequestFactory() throws Exception {
    Spring.run();
  }

  @Test
  void aModelOfLangChain4j() {
    LangChain4j.answer();
  }

  @Test
  void aStreamOfLangChain4j() throws Exception {
    LangChain4j.stream();
  }

  /** Apart, so that Java 11 need not load what is compiled for a later one. */
  private static final class Spring {
    static void run() throws Exception {
      try (ScriptedServer server =
              ScriptedServer.answering(
                  r -> ScriptedServer.response(201, "X-A: b\r\n", r.method + " " + r.text()));
          NativeHttpClient client = NativeHttpClient.newBuilder().build()) {
        ClientHttpRequest request =
            new JdkClientHttpRequestFactory(client)
                .createRequest(server.uri("/a"), HttpMethod.POST);
        request.getHeaders().add("X-Mine", "c");
        try (OutputStream body = request.getBody()) {
          body.write("data".getBytes(StandardCharsets.UTF_8));
        }
        try (ClientHttpResponse response = request.execute()) {
          assertThat(response.getStatusCode().value()).isEqualTo(201);
          assertThat(response.getHeaders().getFirst("x-a")).isEqualTo("b");
          assertThat(response.getBody().readAllBytes())
              .isEqualTo("POST data".getBytes(StandardCharsets.UTF_8));
        }
        assertThat(client.requests()).isEqualTo(1);
        assertThat(client.fallbacks()).isZero();
      }
    }
  }

  private static final class LangChain4j {
    static void answer() {
      try (Stub stub = new Stub()) {
        OpenAiChatModel model =
            OpenAiChatModel.builder()
                .httpClientBuilder(JdkHttpClient.builder().httpClientBuilder(stub.builder))
                .baseUrl(stub.server.uri("/v1").toString())
                .apiKey("none")
                .modelName("stub")
                .build();

        assertThat(model.chat("hello?")).isEqualTo("hello!");
      }
    }

    static void stream() throws Exception {
      try (Stub stub = new Stub()) {
        OpenAiStreamingChatModel model =
            OpenAiStreamingChatModel.builder()
                .httpClientBuilder(JdkHttpClient.builder().httpClientBuilder(stub.builder))
                .baseUrl(stub.server.uri("/v1").toString())
                .apiKey("none")
                .modelName("stub")
                .build();
        List<String> parts = new CopyOnWriteArrayList<>();
        CompletableFuture<String> whole = new CompletableFuture<>();

        model.chat(
            "hello?",
            new StreamingChatResponseHandler() {
              @Override
              public void onPartialResponse(String part) {
                parts.add(part);
              }

              @Override
              public void onCompleteResponse(ChatResponse response) {
                whole.complete(response.aiMessage().text());
              }

              @Override
              public void onError(Throwable failure) {
                whole.completeExceptionally(failure);
              }
            });

        assertThat(whole.get()).isEqualTo("hello!");
        assertThat(parts).containsExactly("hel", "lo!");
      }
    }
  }

  /** Speaks what the SDK expects of the API, no more. */
  private static final class Stub implements AutoCloseable {
    final NativeHttpClient.Builder builder = NativeHttpClient.newBuilder();
    final ScriptedServer server =
        ScriptedServer.answering(
            r -> r.text().replaceAll("\\s", "").contains("\"stream\":true") ? stream() : answer());

    private static String answer() {
      return ScriptedServer.response(
          200,
          "Content-Type: application/json\r\n",
          "{\"id\":\"1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"stub\",\"choices\":"
              + "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hello!\"},"
              + "\"finish_reason\":\"stop\"}]}");
    }

    private static String stream() {
      return ScriptedServer.response(
          200,
          "Content-Type: text/event-stream\r\n",
          chunk("hel", "null") + chunk("lo!", "\"stop\"") + "data: [DONE]\n\n");
    }

    private static String chunk(String content, String finish) {
      return "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"stub\","
          + "\"choices\":[{\"index\":0,\"delta\":{\"content\":\""
          + content
          + "\"},\"finish_reason\":"
          + finish
          + "}]}\n\n";
    }

    @Override
    public void close() {
      try {
        server.close();
      } catch (IOException impossible) {
        throw new AssertionError(impossible);
      }
    }
  }
}
