// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import static dev.fermata.http.PolicyRig.counts;
import static dev.fermata.http.PolicyRig.get;
import static dev.fermata.http.PolicyRig.post;
import static dev.fermata.http.PolicyRig.retrying;
import static dev.fermata.http.PolicyRig.until;
import static dev.fermata.http.PolicyRig.waitingLong;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.http.PolicyRig.Kind;
import dev.fermata.http.conformance.ScriptedServer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When a request is sent again, and when it is given up. */
@Timeout(value = 40, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RetryPolicyTest {
  /** Answers with each of these once, and then with the last for ever. */
  private static ScriptedServer answering(AtomicInteger asked, String... answers) {
    return ScriptedServer.answering(
        request -> answers[Math.min(asked.getAndIncrement(), answers.length - 1)]);
  }

  private static String status(int status) {
    return ScriptedServer.response(status, "", "status " + status);
  }

  private static String retryAfter(String value) {
    return ScriptedServer.response(503, "Retry-After: " + value + "\r\n", "later");
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aBusyServerIsAskedAgain(Kind kind) throws Exception {
    AtomicInteger asked = new AtomicInteger();
    Queue<Integer> seen = new ConcurrentLinkedQueue<>();
    try (ScriptedServer server = answering(asked, status(503), status(429), status(200));
        NativeHttpClient client = kind.client(retrying(5))) {
      HttpResponse<String> response =
          client.send(
              get(server, "/"),
              head -> {
                seen.add(head.statusCode());
                return BodyHandlers.ofString().apply(head);
              });

      assertThat(response.body()).isEqualTo("status 200");
      assertThat(asked).hasValue(3);
      assertThat(seen).containsExactly(200);
      assertThat(counts(client).admitted()).isEqualTo(3);
      assertThat(counts(client).retriedStatuses()).isEqualTo(2);
      assertThat(counts(client).retries()).isEqualTo(2);
      assertThat(counts(client).exhausted()).isZero();
      assertThat(client.requests()).isEqualTo(1);
      assertThat(client.fallbacks()).isEqualTo(kind == Kind.NATIVE ? 0 : 3);
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void theLastResponseIsTheCallers(Kind kind) throws Exception {
    AtomicInteger asked = new AtomicInteger();
    try (ScriptedServer server = answering(asked, status(429));
        NativeHttpClient client = kind.client(retrying(3))) {
      HttpResponse<String> response = client.send(get(server, "/"), BodyHandlers.ofString());

      assertThat(response.statusCode()).isEqualTo(429);
      assertThat(response.body()).isEqualTo("status 429");
      assertThat(asked).hasValue(3);
      assertThat(counts(client).exhausted()).isEqualTo(1);
    }
  }

  @Test
  void otherStatusesAreFinal() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    try (ScriptedServer server = answering(asked, status(500), status(418), status(200));
        NativeHttpClient usual = Kind.NATIVE.client(retrying(3));
        NativeHttpClient special = Kind.NATIVE.client(retrying(3).retryStatuses(418))) {
      assertThat(usual.send(get(server, "/"), BodyHandlers.ofString()).statusCode()).isEqualTo(500);
      assertThat(special.send(get(server, "/"), BodyHandlers.ofString()).statusCode())
          .isEqualTo(200);
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aBrokenConnectionIsReplaced(Kind kind) throws Exception {
    AtomicInteger connections = new AtomicInteger();
    try (ScriptedServer server =
            new ScriptedServer(
                connection -> {
                  connection.next();
                  if (connections.getAndIncrement() == 2) {
                    connection.write(ScriptedServer.ok("at last"));
                  }
                });
        NativeHttpClient client = kind.client(retrying(3))) {
      assertThat(client.send(get(server, "/"), BodyHandlers.ofString()).body())
          .isEqualTo("at last");
      // The JDK's client may have repeated one by itself.
      assertThat(counts(client).retriedFailures()).isBetween(kind == Kind.NATIVE ? 2L : 1L, 2L);
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void theLastFailureIsThrownAndTellsOfTheOthers(Kind kind) throws Exception {
    URI nowhere;
    try (ScriptedServer server = ScriptedServer.answering(PolicyRig::busy)) {
      nowhere = server.uri("/");
    }
    try (NativeHttpClient client = kind.client(retrying(3))) {
      CompletableFuture<?> response =
          client.sendAsync(HttpRequest.newBuilder(nowhere).build(), BodyHandlers.ofString());

      assertThatThrownBy(response::get)
          .isInstanceOf(ExecutionException.class)
          .satisfies(
              thrown -> {
                assertThat(thrown.getCause()).isInstanceOf(ConnectException.class);
                assertThat(thrown.getCause().getSuppressed())
                    .hasSize(2)
                    .hasOnlyElementsOfType(ConnectException.class);
              });
      assertThat(counts(client).exhausted()).isEqualTo(1);
      assertThat(client.inFlight()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void anAttemptThatTakesTooLongIsRepeated(Kind kind) throws Exception {
    AtomicInteger connections = new AtomicInteger();
    try (ScriptedServer server =
            new ScriptedServer(
                connection -> {
                  connection.next();
                  if (connections.getAndIncrement() > 0) {
                    connection.write(ScriptedServer.ok("soon"));
                  }
                  connection.awaitClose();
                });
        NativeHttpClient client = kind.client(retrying(30))) {
      HttpRequest request =
          HttpRequest.newBuilder(server.uri("/")).timeout(Duration.ofMillis(300)).build();

      assertThat(client.send(request, BodyHandlers.ofString()).body()).isEqualTo("soon");
      assertThat(counts(client).retriedFailures()).isPositive();
    }
  }

  @Test
  void failuresAreFinalIfThePolicySaysSo() throws Exception {
    try (ScriptedServer server = new ScriptedServer(ScriptedServer.Connection::next);
        NativeHttpClient client = Kind.NATIVE.client(retrying(3).retryFailures(false))) {
      assertThatThrownBy(() -> client.send(get(server, "/"), BodyHandlers.ofString()))
          .isInstanceOf(IOException.class);
      assertThat(server.connections()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void whatIsNotIdempotentIsSentOnce(Kind kind) throws Exception {
    AtomicInteger asked = new AtomicInteger();
    try (ScriptedServer server = answering(asked, status(503));
        NativeHttpClient client = kind.client(retrying(3))) {
      HttpResponse<String> response = client.send(post(server, "once"), BodyHandlers.ofString());

      assertThat(response.statusCode()).isEqualTo(503);
      assertThat(asked).hasValue(1);
      assertThat(counts(client).exhausted()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aPostIsRepeatedWithItsBodyIfThePolicySaysSo(Kind kind) throws Exception {
    Queue<String> bodies = new ConcurrentLinkedQueue<>();
    RequestPolicy.Builder policy =
        retrying(3).alsoRetry(request -> request.uri().getPath().equals("/"));
    try (ScriptedServer server =
            ScriptedServer.answering(
                request -> {
                  bodies.add(new String(request.body()));
                  return status(bodies.size() < 3 ? 502 : 200);
                });
        NativeHttpClient client = kind.client(policy)) {
      HttpResponse<String> response = client.send(post(server, "twice"), BodyHandlers.ofString());

      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(bodies).containsExactly("twice", "twice", "twice");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "Sun, 06 Nov 1994 08:49:37 GMT", "soon", "-5", ""})
  void aServerThatMayBeAskedAtOnceIs(String retryAfter) throws Exception {
    AtomicInteger asked = new AtomicInteger();
    try (ScriptedServer server = answering(asked, retryAfter(retryAfter), status(200));
        NativeHttpClient client = Kind.NATIVE.client(retrying(2))) {
      assertThat(client.send(get(server, "/"), BodyHandlers.ofString()).statusCode())
          .isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"3600", "99999999999999999999", "Fri, 31 Dec 2100 23:59:59 GMT"})
  void aServerThatMayNotBeAskedBeforeTheDeadlineIsNot(String retryAfter) throws Exception {
    AtomicInteger asked = new AtomicInteger();
    Duration deadline = Duration.ofMinutes(10);
    try (ScriptedServer server = answering(asked, retryAfter(retryAfter), status(200));
        NativeHttpClient client = Kind.NATIVE.client(retrying(2).deadline(deadline))) {
      HttpResponse<String> response = client.send(get(server, "/"), BodyHandlers.ofString());

      assertThat(response.statusCode()).isEqualTo(503);
      assertThat(response.body()).isEqualTo("later");
      assertThat(asked).hasValue(1);
      assertThat(counts(client).expired()).isEqualTo(1);
      assertThat(counts(client).retries()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"3600", "Fri, 31 Dec 2100 23:59:59 GMT"})
  void aServerIsLeftAloneAsLongAsItWants(String retryAfter) throws Exception {
    AtomicInteger asked = new AtomicInteger();
    try (ScriptedServer server = answering(asked, retryAfter(retryAfter));
        NativeHttpClient client = Kind.NATIVE.client(retrying(2))) {
      CompletableFuture<?> response = client.sendAsync(get(server, "/"), BodyHandlers.discarding());
      until(() -> counts(client).retries() == 1 && counts(client).waiting() == 1);

      assertThat(asked).hasValue(1);
      response.cancel(true);
      assertThat(counts(client).waiting()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aLongBodyOfABusyServerIsNotRead(Kind kind) throws Exception {
    AtomicInteger asked = new AtomicInteger();
    String endless = "HTTP/1.1 503 Busy\r\nContent-Length: 1000000000\r\n\r\n";
    try (ScriptedServer server =
            new ScriptedServer(
                connection -> {
                  connection.next();
                  if (asked.getAndIncrement() > 0) {
                    connection.write(ScriptedServer.ok("short"));
                    return;
                  }
                  connection.write(endless + "x".repeat(200_000));
                  connection.awaitClose();
                });
        NativeHttpClient client = kind.client(retrying(2))) {
      assertThat(client.send(get(server, "/"), BodyHandlers.ofString()).body()).isEqualTo("short");
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void theDeadlineEndsAnAttempt(Kind kind) throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    RequestPolicy.Builder policy = retrying(3).deadline(Duration.ofMillis(100));
    try (ScriptedServer server =
            new ScriptedServer(
                connection -> {
                  connection.next();
                  connection.awaitClose();
                  closed.countDown();
                });
        NativeHttpClient client = kind.client(policy)) {
      assertThatThrownBy(() -> client.send(get(server, "/"), BodyHandlers.ofString()))
          .isExactlyInstanceOf(HttpTimeoutException.class)
          .hasMessageContaining("the deadline of PT0.1S passed after");
      assertThat(counts(client).expired()).isEqualTo(1);
      if (kind == Kind.NATIVE) {
        closed.await();
      }
    }
  }

  @Test
  void theDeadlineDoesNotEndAStreamThatIsRead() throws Exception {
    CountDownLatch late = new CountDownLatch(1);
    RequestPolicy.Builder policy = retrying(1).deadline(Duration.ofMillis(500));
    try (ScriptedServer server =
            new ScriptedServer(
                connection -> {
                  if (connection.next().target.equals("/silent")) {
                    connection.awaitClose();
                  } else {
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
                    late.await();
                    connection.write("late");
                  }
                });
        NativeHttpClient client = Kind.NATIVE.client(policy)) {
      HttpResponse<java.io.InputStream> response =
          client.send(get(server, "/"), BodyHandlers.ofInputStream());
      // One that began later has met its deadline.
      assertThatThrownBy(() -> client.send(get(server, "/silent"), BodyHandlers.ofString()))
          .isInstanceOf(HttpTimeoutException.class);
      late.countDown();

      assertThat(response.body()).hasContent("late");
    }
  }

  @Test
  void aRedirectIsPartOfTheAttempt() throws Exception {
    Queue<String> targets = new ConcurrentLinkedQueue<>();
    try (ScriptedServer server =
            ScriptedServer.answering(
                request -> {
                  targets.add(request.target);
                  return request.target.equals("/")
                      ? ScriptedServer.response(302, "Location: /there\r\n", "")
                      : status(targets.size() < 4 ? 503 : 200);
                });
        NativeHttpClient client =
            Kind.NATIVE
                .builder()
                .followRedirects(java.net.http.HttpClient.Redirect.NORMAL)
                .policy(retrying(2).maxConcurrent(1).build())
                .build()) {
      assertThat(client.send(get(server, "/"), BodyHandlers.ofString()).statusCode())
          .isEqualTo(200);
      assertThat(targets).containsExactly("/", "/there", "/", "/there");
      assertThat(counts(client).admitted()).isEqualTo(2);
    }
  }

  @Test
  void aHostMayHaveAPolicyOfItsOwn() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    try (ScriptedServer server = answering(asked, status(503));
        NativeHttpClient client =
            NativeHttpClient.newBuilder()
                .policy(retrying(2).build())
                .policy("LocalHost", retrying(4).build())
                .build()) {
      client.send(get(server, "/"), BodyHandlers.discarding());
      assertThat(asked).hasValue(4);
      URI byAddress = URI.create("http://127.0.0.1:" + server.port() + "/");
      client.send(HttpRequest.newBuilder(byAddress).build(), BodyHandlers.discarding());
      assertThat(asked).hasValue(6);

      assertThat(client.policyCounts("localhost").orElseThrow().retries()).isEqualTo(3);
      assertThat(counts(client).retries()).isEqualTo(1);
      assertThat(client.policyCounts("example.org")).isEmpty();
    }
  }

  @Test
  void aCancelledBackoffIsGivenUp() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    try (ScriptedServer server = answering(asked, status(503));
        NativeHttpClient client = Kind.NATIVE.client(waitingLong(2))) {
      CompletableFuture<?> response = client.sendAsync(get(server, "/"), BodyHandlers.discarding());
      until(() -> counts(client).waiting() == 1);
      assertThat(client.inFlight()).isEqualTo(1);

      response.thenAccept(done -> {}).cancel(true);

      assertThat(response).isCompletedExceptionally();
      assertThat(client.inFlight()).isZero();
      assertThat(counts(client).waiting()).isZero();
      assertThat(asked).hasValue(1);
    }
  }

  @Test
  void whatCannotBeMeantIsRefused() {
    RequestPolicy.Builder builder = RequestPolicy.newBuilder();
    Duration second = Duration.ofSeconds(1);
    for (Runnable refused :
        List.<Runnable>of(
            () -> builder.maxConcurrent(0),
            () -> builder.requestsPerSecond(0, 1),
            () -> builder.requestsPerSecond(Double.NaN, 1),
            () -> builder.requestsPerSecond(1e10, 1),
            () -> builder.requestsPerSecond(1, 0),
            () -> builder.requestsPerSecond(1e-9, 1),
            () -> builder.tokensPerSecond(-1, 1, request -> 1),
            () -> builder.maxAttempts(0),
            () -> builder.backoff(second.negated(), 2, second),
            () -> builder.backoff(second, 0.9, second),
            () -> builder.backoff(second, Double.NaN, second),
            () -> builder.backoff(second, 1, second.minusNanos(1)),
            () -> builder.backoff(second, 1, Duration.ofDays(366)),
            () -> builder.jitter(1.1),
            () -> builder.jitter(Double.NaN),
            () -> builder.retryStatuses(99),
            () -> builder.deadline(Duration.ZERO),
            () -> builder.deadline(Duration.ofDays(366)),
            () -> NativeHttpClient.newBuilder().policy(" ", builder.build()))) {
      assertThatIllegalArgumentException().isThrownBy(refused::run).withMessageContaining("must");
    }
  }
}
