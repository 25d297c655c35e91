// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import static dev.fermata.http.conformance.ScriptedServer.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Timeouts of requests and of connecting. */
class TimeoutTest extends Conformance {
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final Duration LONG = Duration.ofSeconds(LIMIT_SECONDS);

  @Test
  void noResponseInTime() {
    ScriptedServer server = scripted(ScriptedServer.Connection::awaitClose);

    assertFails(client(), to(server.uri("/")).timeout(SHORT).build(), HttpTimeoutException.class);
  }

  @Test
  void noWholeHeadInTime() {
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              connection.write("HTTP/1.1 200 OK\r\nContent-Le");
              connection.awaitClose();
            });

    assertFails(client(), to(server.uri("/")).timeout(SHORT).build(), HttpTimeoutException.class);
  }

  @Test
  void theServerSeesTheConnectionClose() throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              connection.awaitClose();
              closed.countDown();
            });

    assertThatThrownBy(() -> text(client(), to(server.uri("/")).timeout(SHORT).build()))
        .isInstanceOf(HttpTimeoutException.class);
    closed.await();
  }

  @Test
  void aResponseInTimeIsDelivered() throws Exception {
    ScriptedServer server = answering(r -> ok("hello"));

    assertThat(text(client(), to(server.uri("/")).timeout(LONG).build()).body()).isEqualTo("hello");
  }

  @Test
  void noConnectionInTime() throws Exception {
    DeafServer server = open(new DeafServer());

    assertFails(
        client(options -> options.connectTimeout(SHORT)),
        get(server.uri()),
        HttpConnectTimeoutException.class);
  }

  @Test
  void noConnectionWithinTheTimeoutOfTheRequest() throws Exception {
    DeafServer server = open(new DeafServer());

    assertFails(
        client(options -> options.connectTimeout(LONG)),
        to(server.uri()).timeout(SHORT).build(),
        HttpConnectTimeoutException.class);
  }

  @Test
  void theConnectTimeoutIsOverOnceConnected() throws Exception {
    CountDownLatch second = new CountDownLatch(1);
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              second.await();
              connection.write(ok("late"));
            });
    HttpClient client = client(options -> options.connectTimeout(SHORT));
    HttpRequest timed = to(server.uri("/")).timeout(SHORT.multipliedBy(2)).build();
    var untimed = client.sendAsync(get(server.uri("/")), BodyHandlers.ofString());

    // It takes longer than connecting may take, and yet only its own timeout ends it.
    assertThatThrownBy(() -> text(client, timed)).isExactlyInstanceOf(HttpTimeoutException.class);
    second.countDown();

    assertThat(untimed.get().body()).isEqualTo("late");
  }

  /** A port whose queue of connections is full, so that the system drops further ones. */
  private static final class DeafServer implements Closeable {
    private final ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    private final List<Socket> queued = new ArrayList<>();

    DeafServer() throws IOException {
      boolean full = false;
      while (!full) {
        Socket socket = new Socket();
        queued.add(socket);
        try {
          socket.connect(
              new InetSocketAddress(listener.getInetAddress(), listener.getLocalPort()), 200);
        } catch (SocketTimeoutException dropped) {
          full = true;
        }
      }
    }

    URI uri() {
      return URI.create(
          "http://"
              + listener.getInetAddress().getHostAddress()
              + ":"
              + listener.getLocalPort()
              + "/");
    }

    @Override
    public void close() throws IOException {
      for (Socket socket : queued) {
        socket.close();
      }
      listener.close();
    }
  }
}
