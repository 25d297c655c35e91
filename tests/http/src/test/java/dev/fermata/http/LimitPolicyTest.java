// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import static dev.fermata.http.PolicyRig.counts;
import static dev.fermata.http.PolicyRig.get;
import static dev.fermata.http.PolicyRig.retrying;
import static dev.fermata.http.PolicyRig.until;
import static dev.fermata.http.PolicyRig.waitingLong;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionLoop;
import dev.fermata.http.PolicyRig.Kind;
import dev.fermata.http.conformance.ScriptedServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Who may send when others do, and that nobody's place is lost. */
@Timeout(value = 40, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LimitPolicyTest {
  private static RequestPolicy.Builder oneAtATime() {
    return RequestPolicy.newBuilder().maxConcurrent(1);
  }

  /** Answers all but what is asked for at {@code /held}, which waits for {@code released}. */
  private static ScriptedServer holding(CountDownLatch asked, CountDownLatch released) {
    return ScriptedServer.answering(
        request -> {
          if (request.target.equals("/held")) {
            asked.countDown();
            released.await();
          }
          return ScriptedServer.ok(request.target);
        });
  }

  private static CompletableFuture<HttpResponse<String>> send(
      NativeHttpClient client, ScriptedServer server, String path) {
    return client.sendAsync(get(server, path), BodyHandlers.ofString());
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void asManyAsAllowedAreInFlightAndNoMore(Kind kind) throws Exception {
    CyclicBarrier three = new CyclicBarrier(3);
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    try (ScriptedServer server =
            ScriptedServer.answering(
                request -> {
                  most.accumulateAndGet(now.incrementAndGet(), Math::max);
                  three.await();
                  now.decrementAndGet();
                  return ScriptedServer.ok("hello");
                });
        NativeHttpClient client = kind.client(RequestPolicy.newBuilder().maxConcurrent(3))) {
      List<CompletableFuture<HttpResponse<String>>> responses = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        responses.add(send(client, server, "/"));
      }
      for (CompletableFuture<HttpResponse<String>> response : responses) {
        assertThat(response.get().body()).isEqualTo("hello");
      }
      assertThat(most).hasValue(3);
      assertThat(counts(client).admitted()).isEqualTo(12);
      assertThat(counts(client).heldByRate()).isZero();
      assertThat(client.fallbacks()).isEqualTo(kind == Kind.NATIVE ? 0 : 12);
    }
  }

  @Test
  void whoComesFirstIsSentFirst() throws Exception {
    Queue<String> targets = new ConcurrentLinkedQueue<>();
    List<String> asked = new ArrayList<>();
    try (ScriptedServer server =
            ScriptedServer.answering(
                request -> {
                  targets.add(request.target);
                  return ScriptedServer.ok("hello");
                });
        NativeHttpClient client = Kind.NATIVE.client(oneAtATime())) {
      List<CompletableFuture<?>> responses = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        asked.add("/" + i);
        responses.add(send(client, server, "/" + i));
      }
      CompletableFuture.allOf(responses.toArray(new CompletableFuture<?>[0])).get();

      assertThat(targets).containsExactlyElementsOf(asked);
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aBodyThatIsReadKeepsItsPlace(Kind kind) throws Exception {
    CountDownLatch rest = new CountDownLatch(1);
    try (ScriptedServer server =
            new ScriptedServer(
                connection -> {
                  if (connection.next().target.equals("/stream")) {
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na");
                    rest.await();
                    connection.write("b");
                  } else {
                    connection.write(ScriptedServer.ok("after"));
                  }
                });
        NativeHttpClient client = kind.client(oneAtATime())) {
      for (boolean isReadToItsEnd : new boolean[] {false, true}) {
        InputStream stream =
            client.send(get(server, "/stream"), BodyHandlers.ofInputStream()).body();
        assertThat(stream.read()).isEqualTo('a');
        CompletableFuture<HttpResponse<String>> after = send(client, server, "/");
        until(() -> counts(client).waiting() == 1);
        assertThat(client.inFlight()).isEqualTo(2);

        if (isReadToItsEnd) {
          rest.countDown();
          assertThat(stream.read()).isEqualTo('b');
          assertThat(stream.read()).isNegative();
        } else {
          stream.close();
        }

        assertThat(after.get().body()).isEqualTo("after");
      }
    }
  }

  @Test
  void aBackoffKeepsNoPlace() throws Exception {
    try (ScriptedServer server =
            ScriptedServer.answering(
                request ->
                    request.target.equals("/busy")
                        ? ScriptedServer.response(503, "", "busy")
                        : ScriptedServer.ok("hello"));
        NativeHttpClient client = Kind.NATIVE.client(waitingLong(2).maxConcurrent(1))) {
      CompletableFuture<?> busy = send(client, server, "/busy");
      until(() -> counts(client).retries() == 1);

      assertThat(send(client, server, "/").get().body()).isEqualTo("hello");
      busy.cancel(true);
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void whoeverIsCancelledGivesItsPlaceToTheNext(Kind kind) throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    try (ScriptedServer server = holding(asked, released);
        NativeHttpClient client = kind.client(oneAtATime())) {
      CompletableFuture<?> held = send(client, server, "/held");
      asked.await();
      CompletableFuture<?> waiting = send(client, server, "/waiting");
      CompletableFuture<HttpResponse<String>> last = send(client, server, "/last");
      until(() -> counts(client).waiting() == 2);

      waiting.cancel(true);
      assertThat(counts(client).waiting()).isEqualTo(1);
      held.cancel(true);

      assertThat(last.get().body()).isEqualTo("/last");
      assertThat(counts(client).admitted()).isEqualTo(2);
      released.countDown();
    }
  }

  /** A place that is not given back would be missed after so many. */
  @Test
  void placesAreNotLostWhateverIsCancelled() throws Exception {
    try (ScriptedServer server = ScriptedServer.answering(r -> ScriptedServer.ok("hello"));
        NativeHttpClient client = Kind.NATIVE.client(RequestPolicy.newBuilder().maxConcurrent(2))) {
      List<CompletableFuture<?>> responses = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        CompletableFuture<?> response = send(client, server, "/");
        responses.add(response);
        if (i % 3 == 0) {
          responses.get(i / 2).cancel(true);
        }
      }
      for (CompletableFuture<?> response : responses) {
        response.handle((done, failed) -> null).get();
      }
      until(() -> client.inFlight() == 0);
      assertThat(send(client, server, "/").get().body()).isEqualTo("hello");
      assertThat(counts(client).waiting()).isZero();
    }
  }

  @Test
  void ratesHoldRequestsBack() throws Exception {
    RequestPolicy.Builder policy =
        RequestPolicy.newBuilder()
            .requestsPerSecond(2000, 2)
            .tokensPerSecond(8000, 10, request -> request.uri().getPath().length());
    try (ScriptedServer server = ScriptedServer.answering(r -> ScriptedServer.ok("hello"));
        NativeHttpClient client = Kind.NATIVE.client(policy)) {
      List<CompletableFuture<HttpResponse<String>>> responses = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        responses.add(send(client, server, "/12345"));
      }
      for (CompletableFuture<HttpResponse<String>> response : responses) {
        assertThat(response.get().body()).isEqualTo("hello");
      }
      assertThat(counts(client).admitted()).isEqualTo(30);
      assertThat(counts(client).heldByRate()).isPositive();
    }
  }

  @Test
  void whatCostsMoreThanTheBurstIsRefused() throws Exception {
    Map<String, Long> costs = Map.of("/dear", 101L, "/absurd", -1L, "/free", 0L, "/all", 100L);
    RequestPolicy.Builder policy =
        RequestPolicy.newBuilder()
            .tokensPerSecond(1000, 100, request -> costs.get(request.uri().getPath()));
    try (ScriptedServer server = ScriptedServer.answering(r -> ScriptedServer.ok("hello"));
        NativeHttpClient client = Kind.NATIVE.client(policy)) {
      for (String path : List.of("/dear", "/absurd")) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> send(client, server, path))
            .withMessageContaining("raise the burst");
        assertThatIllegalArgumentException()
            .isThrownBy(() -> client.send(get(server, path), BodyHandlers.ofString()));
      }
      assertThat(send(client, server, "/all").get().body()).isEqualTo("hello");
      assertThat(send(client, server, "/free").get().body()).isEqualTo("hello");
      assertThat(client.inFlight()).isZero();
    }
  }

  @Test
  void theDeadlineEndsTheWaitForAPlace() throws Exception {
    RequestPolicy.Builder policy = oneAtATime().deadline(Duration.ofSeconds(1));
    try (ScriptedServer server =
            new ScriptedServer(
                connection -> {
                  String target = connection.next().target;
                  if (target.equals("/held")) {
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na");
                    connection.awaitClose();
                  } else {
                    connection.write(ScriptedServer.ok(target));
                  }
                });
        NativeHttpClient client = Kind.NATIVE.client(policy)) {
      InputStream held = client.send(get(server, "/held"), BodyHandlers.ofInputStream()).body();

      assertThatThrownBy(() -> client.send(get(server, "/late"), BodyHandlers.ofString()))
          .isExactlyInstanceOf(HttpTimeoutException.class)
          .hasMessageContaining("after 0 attempts");
      assertThat(counts(client).waiting()).isZero();
      held.close();
      assertThat(send(client, server, "/next").get().body()).isEqualTo("/next");
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void aShutdownLetsThoseWhoWaitGoOn(Kind kind) throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    try (ScriptedServer server = holding(asked, released);
        NativeHttpClient client = kind.client(oneAtATime())) {
      CompletableFuture<HttpResponse<String>> held = send(client, server, "/held");
      asked.await();
      CompletableFuture<HttpResponse<String>> waiting = send(client, server, "/waiting");
      client.shutdown();
      assertThat(client.isTerminated()).isFalse();
      released.countDown();

      assertThat(held.get().body()).isEqualTo("/held");
      assertThat(waiting.get().body()).isEqualTo("/waiting");
      assertThatThrownBy(() -> send(client, server, "/").get())
          .hasCauseInstanceOf(IOException.class);
    }
  }

  /** In an attempt, in the wait for a place, in a backoff. */
  @ParameterizedTest
  @EnumSource(Kind.class)
  void aShutdownNowFailsThemAll(Kind kind) throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    try (ScriptedServer server =
        ScriptedServer.answering(
            request -> {
              if (request.target.equals("/busy")) {
                return ScriptedServer.response(503, "", "busy");
              }
              asked.countDown();
              released.await();
              return ScriptedServer.ok("too late");
            })) {
      NativeHttpClient client =
          kind.client(waitingLong(9).maxConcurrent(1).deadline(PolicyRig.HOUR.multipliedBy(3)));
      List<CompletableFuture<?>> responses = new ArrayList<>();
      responses.add(send(client, server, "/busy"));
      until(() -> counts(client).retries() == 1);
      responses.add(send(client, server, "/held"));
      asked.await();
      responses.add(send(client, server, "/waiting"));
      until(() -> counts(client).waiting() == 2);

      client.shutdownNow();

      for (CompletableFuture<?> response : responses) {
        assertThatThrownBy(response::get)
            .isInstanceOf(ExecutionException.class)
            .hasCauseInstanceOf(IOException.class)
            .hasMessageContaining("closed");
      }
      client.close();
      assertThat(client.inFlight()).isZero();
      assertThat(counts(client).waiting()).isZero();
      until(
          () ->
              Thread.getAllStackTraces().keySet().stream()
                  .noneMatch(thread -> thread.getName().startsWith("policed")));
      released.countDown();
    }
  }

  @Test
  void theLastResponseMayCloseTheClient() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    try (ScriptedServer server =
        ScriptedServer.answering(
            request ->
                asked.getAndIncrement() == 0
                    ? PolicyRig.busy(request)
                    : ScriptedServer.ok("hello"))) {
      NativeHttpClient client = Kind.NATIVE.client(retrying(2).maxConcurrent(1));

      send(client, server, "/").thenRun(client::close).get();

      assertThat(client.isTerminated()).isTrue();
    }
  }

  static Stream<String> strategies() {
    Map<String, Integer> since =
        Map.of("inline", 11, "handoff", 11, "continuation", 21, "virtual", 24);
    return since.entrySet().stream()
        .filter(strategy -> strategy.getValue() <= Runtime.version().feature())
        .map(Map.Entry::getKey);
  }

  private static ActionLoop loop(String strategy) {
    System.setProperty("fermata.strategy", strategy);
    try {
      return ActionLoop.builder().build();
    } finally {
      System.clearProperty("fermata.strategy");
    }
  }

  /** Each action waits for a place, gets an answer that is none, and waits again. */
  @ParameterizedTest
  @MethodSource("strategies")
  void anActionIsSuspendedWhileItsRequestWaits(String strategy) throws Exception {
    Map<String, AtomicInteger> asked = new ConcurrentHashMap<>();
    try (ScriptedServer server =
            ScriptedServer.answering(
                request -> {
                  AtomicInteger times =
                      asked.computeIfAbsent(request.target, target -> new AtomicInteger());
                  return times.getAndIncrement() == 0
                      ? PolicyRig.busy(request)
                      : ScriptedServer.ok(request.target);
                });
        NativeHttpClient client = Kind.NATIVE.client(retrying(2).maxConcurrent(1));
        ActionLoop loop = loop(strategy)) {
      List<CompletableFuture<String>> actions = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        String path = "/" + i;
        actions.add(
            loop.submit(scope -> client.send(get(server, path), BodyHandlers.ofString()).body()));
      }
      for (int i = 0; i < 5; i++) {
        assertThat(actions.get(i).get()).isEqualTo("/" + i);
      }
      assertThat(counts(client).retriedStatuses()).isEqualTo(5);
    }
  }

  /** The owner is free for the second action, whose request lets go of the place. */
  @Test
  void aCancelledActionGivesUpItsWait() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    try (ScriptedServer server = holding(asked, released);
        NativeHttpClient client = Kind.NATIVE.client(oneAtATime());
        ActionLoop loop = ActionLoop.builder().build()) {
      CompletableFuture<HttpResponse<String>> held = send(client, server, "/held");
      asked.await();
      CompletableFuture<?> action =
          loop.submit(scope -> client.send(get(server, "/waiting"), BodyHandlers.ofString()));
      until(() -> counts(client).waiting() == 1);

      action.cancel(true);

      until(() -> counts(client).waiting() == 0);
      released.countDown();
      assertThat(held.get().body()).isEqualTo("/held");
      assertThat(counts(client).admitted()).isEqualTo(1);
    }
  }
}
