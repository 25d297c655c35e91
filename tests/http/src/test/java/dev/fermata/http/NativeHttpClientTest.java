// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionLoop;
import dev.fermata.http.conformance.ScriptedServer;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the native client has beyond the JDK's: actions, counters, fallbacks, and its end. */
@Timeout(value = 40, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NativeHttpClientTest {
  private static HttpRequest request(ScriptedServer server) {
    return HttpRequest.newBuilder(server.uri("/")).build();
  }

  private static ScriptedServer silent(CountDownLatch asked, CountDownLatch closed) {
    return new ScriptedServer(
        connection -> {
          connection.next();
          asked.countDown();
          connection.awaitClose();
          closed.countDown();
        });
  }

  private static List<String> threads(String prefix) {
    List<String> names = new ArrayList<>();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith(prefix)) {
        names.add(thread.getName());
      }
    }
    return names;
  }

  private static void awaitNoThread(String prefix) {
    while (!threads(prefix).isEmpty()) {
      Thread.yield();
    }
  }

  /** Two requests are in flight at once, though one owner runs both actions. */
  @Test
  void sendSuspendsAnAction() throws Exception {
    CyclicBarrier bothAreAsked = new CyclicBarrier(2);
    try (ScriptedServer server =
            new ScriptedServer(
                connection -> {
                  connection.next();
                  bothAreAsked.await();
                  connection.write(ScriptedServer.ok("hello"));
                });
        NativeHttpClient client = NativeHttpClient.newBuilder().build();
        ActionLoop loop = ActionLoop.builder().build()) {
      CompletableFuture<String> first =
          loop.submit(scope -> client.send(request(server), BodyHandlers.ofString()).body());
      CompletableFuture<String> second =
          loop.submit(scope -> client.send(request(server), BodyHandlers.ofString()).body());

      assertThat(first.get()).isEqualTo("hello");
      assertThat(second.get()).isEqualTo("hello");
      assertThat(client.fallbacks()).isZero();
    }
  }

  @Test
  void sendThrowsInAnActionWhatItThrowsElsewhere() throws Exception {
    try (ScriptedServer server = new ScriptedServer(ScriptedServer.Connection::awaitClose);
        NativeHttpClient client = NativeHttpClient.newBuilder().build();
        ActionLoop loop = ActionLoop.builder().build()) {
      HttpRequest timed =
          HttpRequest.newBuilder(server.uri("/")).timeout(Duration.ofMillis(100)).build();

      assertThatThrownBy(
              () -> loop.submit(scope -> client.send(timed, BodyHandlers.ofString())).get())
          .isInstanceOf(ExecutionException.class)
          .hasCauseExactlyInstanceOf(HttpTimeoutException.class);
    }
  }

  @Test
  void aCancelledActionEndsItsRequest() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    try (ScriptedServer server = silent(asked, closed);
        NativeHttpClient client = NativeHttpClient.newBuilder().build();
        ActionLoop loop = ActionLoop.builder().build()) {
      CompletableFuture<?> action =
          loop.submit(scope -> client.send(request(server), BodyHandlers.ofString()));
      asked.await();

      action.cancel(true);

      closed.await();
    }
  }

  @Test
  void requestsAreCounted() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    try (ScriptedServer server = silent(asked, new CountDownLatch(1));
        NativeHttpClient client = NativeHttpClient.newBuilder().build()) {
      CompletableFuture<?> response = client.sendAsync(request(server), BodyHandlers.ofString());
      asked.await();

      assertThat(client.requests()).isEqualTo(1);
      assertThat(client.inFlight()).isEqualTo(1);
      response.cancel(true);
      while (client.inFlight() != 0) {
        Thread.yield();
      }
      assertThat(client.fallbacks()).isZero();
    }
  }

  @Test
  void pendingRequestsFailAtTheEndAndNoThreadStays() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    try (ScriptedServer server = silent(asked, new CountDownLatch(1))) {
      NativeHttpClient client = NativeHttpClient.newBuilder().name("ending").build();
      CompletableFuture<?> response = client.sendAsync(request(server), BodyHandlers.ofString());
      asked.await();
      assertThat(threads("ending")).contains("ending-io");

      client.shutdownNow();

      assertThatThrownBy(response::get)
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(IOException.class)
          .hasMessageContaining("closed");
      client.close();
      assertThat(client.inFlight()).isZero();
      awaitNoThread("ending");
      assertThatThrownBy(() -> client.send(request(server), BodyHandlers.ofString()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("closed");
    }
  }

  @Test
  void theLastResponseMayCloseTheClient() throws Exception {
    try (ScriptedServer server = ScriptedServer.answering(r -> ScriptedServer.ok("hello"))) {
      NativeHttpClient client = NativeHttpClient.newBuilder().build();

      client.sendAsync(request(server), BodyHandlers.ofString()).thenRun(client::close).get();

      assertThat(client.isTerminated()).isTrue();
    }
  }

  @Test
  void anInterruptedCloseFailsWhatIsPending() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    try (ScriptedServer server = silent(asked, new CountDownLatch(1))) {
      NativeHttpClient client = NativeHttpClient.newBuilder().build();
      CompletableFuture<?> response = client.sendAsync(request(server), BodyHandlers.ofString());
      asked.await();
      Thread.currentThread().interrupt();

      client.close();

      assertThat(Thread.interrupted()).isTrue();
      assertThatThrownBy(response::get).hasCauseInstanceOf(IOException.class);
    }
  }

  @Test
  void aForgottenClientEndsItsThreads() throws Exception {
    try (ScriptedServer server = ScriptedServer.answering(r -> ScriptedServer.ok("hello"))) {
      WeakReference<HttpClient> forgotten = useAndForget(server);

      while (forgotten.get() != null || !threads("forgotten").isEmpty()) {
        System.gc();
        Thread.yield();
      }
    }
  }

  private static WeakReference<HttpClient> useAndForget(ScriptedServer server) throws Exception {
    HttpClient client = NativeHttpClient.newBuilder().name("forgotten").build();
    client.send(request(server), BodyHandlers.ofString());
    assertThat(threads("forgotten")).contains("forgotten-io");
    return new WeakReference<>(client);
  }

  @Test
  void aForgottenClientEndsWhatItBegan() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch collected = new CountDownLatch(1);
    try (ScriptedServer server =
        new ScriptedServer(
            connection -> {
              connection.next();
              asked.countDown();
              collected.await();
              connection.write(ScriptedServer.ok("late"));
            })) {
      CompletableFuture<HttpResponse<String>> response =
          NativeHttpClient.newBuilder()
              .name("left")
              .build()
              .sendAsync(request(server), BodyHandlers.ofString());
      asked.await();
      WeakReference<Object> garbage = new WeakReference<>(new Object());
      while (garbage.get() != null) {
        System.gc();
      }
      collected.countDown();

      assertThat(response.get().body()).isEqualTo("late");
      while (!threads("left").isEmpty()) {
        System.gc();
        Thread.yield();
      }
    }
  }

  /** More threads would take the processors from each other. */
  @Test
  void callbacksThatComputeGetNoMoreThreads() throws Exception {
    Set<Thread> ran = ConcurrentHashMap.newKeySet();
    try (ScriptedServer server = ScriptedServer.answering(r -> ScriptedServer.ok("hello"));
        NativeHttpClient client = NativeHttpClient.newBuilder().build()) {
      BodyHandler<String> computing =
          info -> {
            ran.add(Thread.currentThread());
            long begun = System.nanoTime();
            while (System.nanoTime() - begun < 30_000_000) {
              Thread.onSpinWait();
            }
            return BodySubscribers.ofString(StandardCharsets.UTF_8);
          };
      List<CompletableFuture<?>> responses = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        responses.add(client.sendAsync(request(server), computing));
      }
      CompletableFuture.allOf(responses.toArray(new CompletableFuture<?>[0])).get();
    }
    assertThat(ran)
        .hasSizeLessThanOrEqualTo(Math.max(2, Runtime.getRuntime().availableProcessors()));
  }

  @Test
  void pushPromisesAreLeftToTheJdk() throws Exception {
    try (ScriptedServer server = ScriptedServer.answering(r -> ScriptedServer.ok("hello"));
        NativeHttpClient client = NativeHttpClient.newBuilder().build()) {
      String body =
          client
              .sendAsync(request(server), BodyHandlers.ofString(), (initial, push, acceptor) -> {})
              .get()
              .body();

      assertThat(body).isEqualTo("hello");
      assertThat(client.fallbacks()).isEqualTo(1);
      assertThat(client.inFlight()).isZero();
    }
  }

  @Test
  void webSocketsAreLeftToTheJdk() {
    try (NativeHttpClient client = NativeHttpClient.newBuilder().build()) {
      assertThat(client.newWebSocketBuilder()).isNotNull();
      assertThat(client.fallbacks()).isEqualTo(1);
    }
  }
}
