// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionLoop;
import dev.fermata.http.conformance.ScriptedServer;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Events as a response brings them. */
@Timeout(value = 40, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SseEventsTest {
  private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

  private static HttpRequest request(ScriptedServer server) {
    return HttpRequest.newBuilder(server.uri("/")).build();
  }

  @Test
  void eventsAreReadAsTheyCome() throws Exception {
    CountDownLatch firstIsRead = new CountDownLatch(1);
    try (ScriptedServer server =
            new ScriptedServer(
                connection -> {
                  connection.next();
                  connection.write(HEAD + "data: first\n\n");
                  firstIsRead.await();
                  connection.write("data: sec");
                  connection.write("ond\n\ndata: dropped");
                });
        NativeHttpClient client = NativeHttpClient.newBuilder().build();
        Stream<SseEvent> events = client.send(request(server), SseEvents.handler()).body()) {
      Iterator<SseEvent> each = events.iterator();

      assertThat(each.next().data()).isEqualTo("first");
      firstIsRead.countDown();
      assertThat(each.next().data()).isEqualTo("second");
      assertThat(each.hasNext()).isFalse();
    }
  }

  @Test
  void aResponseThatBreaksOffFailsTheStream() throws Exception {
    try (ScriptedServer server =
            new ScriptedServer(
                connection -> {
                  connection.next();
                  connection.write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\ndata: a\n\n");
                });
        NativeHttpClient client = NativeHttpClient.newBuilder().build();
        Stream<SseEvent> events = client.send(request(server), SseEvents.handler()).body()) {
      Iterator<SseEvent> each = events.iterator();

      assertThat(each.next().data()).isEqualTo("a");
      assertThatThrownBy(each::hasNext).isInstanceOf(UncheckedIOException.class);
    }
  }

  @Test
  void closingTheStreamClosesTheConnection() throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    try (ScriptedServer server =
            new ScriptedServer(
                connection -> {
                  connection.next();
                  connection.write(HEAD + "data: first\n\n");
                  connection.awaitClose();
                  closed.countDown();
                });
        NativeHttpClient client = NativeHttpClient.newBuilder().build()) {
      try (Stream<SseEvent> events = client.send(request(server), SseEvents.handler()).body()) {
        assertThat(events.findFirst()).map(SseEvent::data).contains("first");
      }
      closed.await();
    }
  }

  @Test
  void aSlowReaderSlowsTheServer() throws Exception {
    String event = "data: " + "x".repeat(10_000) + "\n\n";
    int count = 5_000;
    AtomicLong sent = new AtomicLong();
    long ahead = 0;
    try (ScriptedServer server =
            new ScriptedServer(
                connection -> {
                  connection.next();
                  connection.write(HEAD);
                  for (int i = 0; i < count; i++) {
                    connection.write(event);
                    sent.incrementAndGet();
                  }
                });
        NativeHttpClient client = NativeHttpClient.newBuilder().build();
        Stream<SseEvent> events = client.send(request(server), SseEvents.handler()).body()) {
      int read = 0;
      for (Iterator<SseEvent> each = events.iterator(); each.hasNext(); each.next()) {
        read++;
        ahead = Math.max(ahead, sent.get() - read);
      }
      assertThat(read).isEqualTo(count);
    }
    // What fits into the buffers of two sockets, and no more.
    assertThat(ahead).isLessThan(count / 2);
  }

  /** Both streams are open at once, though one owner runs both actions. */
  @Test
  void actionsThatReadAreSuspended() throws Exception {
    CyclicBarrier bothHaveBegun = new CyclicBarrier(2);
    try (ScriptedServer server =
            new ScriptedServer(
                connection -> {
                  connection.next();
                  connection.write(HEAD + "data: 1\n\n");
                  bothHaveBegun.await();
                  connection.write("data: 2\n\ndata: 3\n\n");
                });
        NativeHttpClient client = NativeHttpClient.newBuilder().build();
        ActionLoop loop = ActionLoop.builder().build()) {
      List<CompletableFuture<String>> actions = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        actions.add(
            loop.submit(
                scope -> {
                  try (Stream<SseEvent> events =
                      client.send(request(server), SseEvents.handler()).body()) {
                    return events.map(SseEvent::data).collect(Collectors.joining());
                  }
                }));
      }
      for (CompletableFuture<String> action : actions) {
        assertThat(action.get()).isEqualTo("123");
      }
      assertThat(client.fallbacks()).isZero();
    }
  }
}
