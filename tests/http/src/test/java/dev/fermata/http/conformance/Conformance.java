// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.Closeable;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What both clients must do. Each test says what a client does in absolute terms, so that both do
 * the same when both pass; a test that asks the client under test for something else says why.
 *
 * <p>After each test no request may have fallen back to another client, unless the test has said
 * how many may.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(Contender.class)
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class Conformance {
  static final int LIMIT_SECONDS = 15;

  /** Exceptions that callers tell apart. */
  private static final List<Class<?>> SPECIAL =
      List.of(
          ConnectException.class, HttpConnectTimeoutException.class, HttpTimeoutException.class);

  @Parameter Contender contender;

  private final List<HttpClient> clients = new ArrayList<>();
  private final List<Closeable> opened = new ArrayList<>();
  private int expectedFallbacks;

  final HttpClient client() {
    return client(options -> options);
  }

  final HttpClient client(UnaryOperator<HttpClient.Builder> options) {
    return build(options.apply(contender.newBuilder()));
  }

  final HttpClient build(HttpClient.Builder builder) {
    HttpClient client = builder.build();
    clients.add(client);
    return client;
  }

  final <T extends Closeable> T open(T resource) {
    opened.add(resource);
    return resource;
  }

  /** A server that answers each request with what {@code answers} returns. */
  final ScriptedServer answering(ScriptedServer.Answers answers) {
    return open(ScriptedServer.answering(answers));
  }

  /** A server that treats each connection as {@code script} says. */
  final ScriptedServer scripted(ScriptedServer.Script script) {
    return open(new ScriptedServer(script));
  }

  final void expectFallbacks(int count) {
    expectedFallbacks = count;
  }

  /** Whether the client under test is that of a JDK older than {@code feature}. */
  final boolean isJdkBefore(int feature) {
    return contender == Contender.JDK && Runtime.version().feature() < feature;
  }

  static HttpRequest.Builder to(URI uri) {
    return HttpRequest.newBuilder(uri);
  }

  static HttpRequest get(URI uri) {
    return to(uri).build();
  }

  /** Sends and returns the response with its body as text. */
  static HttpResponse<String> text(HttpClient client, HttpRequest request) throws Exception {
    return client.send(request, BodyHandlers.ofString());
  }

  /** Sends a request asynchronously and waits for the outcome. */
  static <T> HttpResponse<T> await(
      HttpClient client, HttpRequest request, HttpResponse.BodyHandler<T> handler)
      throws Exception {
    return client.sendAsync(request, handler).get(LIMIT_SECONDS, TimeUnit.SECONDS);
  }

  /**
   * Sends a request that must fail with {@code expected}, or with a subclass that has no meaning of
   * its own: the documentation names {@code IOException} alone for all but the {@link #SPECIAL}.
   */
  static void assertFails(
      HttpClient client, HttpRequest request, Class<? extends Throwable> expected) {
    assertFails(client, request, BodyHandlers.ofString(), expected);
  }

  static void assertFails(
      HttpClient client,
      HttpRequest request,
      HttpResponse.BodyHandler<?> handler,
      Class<? extends Throwable> expected) {
    assertThat(catchThrowable(() -> client.send(request, handler)))
        .as("thrown by send")
        .isInstanceOf(expected)
        .isNotInstanceOfAny(
            SPECIAL.stream()
                .filter(special -> !special.isAssignableFrom(expected))
                .toArray(Class<?>[]::new));
    assertThat(catchThrowable(() -> await(client, request, handler)))
        .as("thrown by the future's get")
        .isInstanceOf(ExecutionException.class)
        .cause()
        .as("failure of sendAsync")
        .isInstanceOf(expected);
  }

  /**
   * Sends a request whose handler throws: {@code send} wraps what it threw, the future of {@code
   * sendAsync} fails with it.
   */
  static void assertFailsInHandler(
      HttpClient client,
      HttpRequest request,
      HttpResponse.BodyHandler<?> handler,
      Class<? extends Throwable> thrown) {
    assertThat(catchThrowable(() -> client.send(request, handler)))
        .isExactlyInstanceOf(IOException.class)
        .hasCauseInstanceOf(thrown);
    assertThat(catchThrowable(() -> await(client, request, handler)))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(thrown);
  }

  @AfterEach
  final void closeAll() throws Exception {
    for (Closeable resource : opened) {
      resource.close();
    }
    long fallbacks = 0;
    for (HttpClient client : clients) {
      fallbacks += contender.fallbacks(client);
      if (client instanceof AutoCloseable) {
        ((AutoCloseable) client).close();
      }
    }
    assertThat(fallbacks)
        .as("requests that another client carried out")
        .isEqualTo(contender == Contender.FERMATA ? expectedFallbacks : 0);
  }
}
