// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.fermata.internal.loader.NativeLibrary;
import dev.fermata.testing.EchoServer;
import dev.fermata.testing.Transport;
import dev.fermata.testing.Waiting;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What crosses the boundary between Java and the native transport. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NativeTransportTest {
  private EchoServer server;
  private Transport transport;

  @BeforeEach
  void start() throws IOException {
    assertThat(NativeLibrary.load().isLoaded()).isTrue();
    server = new EchoServer();
    transport = new Transport("transport-test-io");
  }

  @AfterEach
  void stop() throws IOException {
    transport.close();
    server.close();
  }

  private String url() {
    return "http://localhost:" + server.port() + "/";
  }

  private int[] gauges() {
    int[] gauges = new int[NativeTransport.GAUGES];
    NativeTransport.gauges(transport.handle(), gauges);
    return gauges;
  }

  @Test
  void headAndBodyGoThereAndBack() {
    byte[] body = "héllo".getBytes(StandardCharsets.UTF_8);
    Transport.Exchange exchange = transport.start(1, "POST", url(), body.length, body);
    assertThat(exchange.status()).isEqualTo(200);
    assertThat(exchange.body()).isEqualTo("héllo");
    assertThat(exchange.headers()).contains("x-echo\nyes\n");
    assertThat(transport.get(2, url()).status()).isEqualTo(200);
    assertThat(gauges()).containsExactly(0, 1, 1);
  }

  @Test
  void aBodyIsStreamed() {
    Transport.Exchange exchange =
        transport.start(1, "POST", url(), NativeTransport.UNKNOWN_LENGTH, null);
    exchange.awaitWish();
    NativeTransport.upload(transport.handle(), 1, new byte[] {'a', 'b'});
    NativeTransport.upload(transport.handle(), 1, new byte[] {'c'});
    NativeTransport.upload(transport.handle(), 1, null);
    assertThat(exchange.body()).isEqualTo("abc");
  }

  @Test
  void aFailureIsToldByItsKind() throws IOException {
    int free;
    try (ServerSocket socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
    }
    assertThat(transport.get(1, "http://127.0.0.1:" + free).failure()).isEqualTo("Connect");
    try (ServerSocket plain = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Transport.Exchange exchange =
          transport.get(2, "https://127.0.0.1:" + plain.getLocalPort() + "/");
      plain.accept().close();
      assertThat(exchange.failure()).isEqualTo("Tls");
    }
  }

  @Test
  void whatCannotBeSentIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> transport.get(1, "ftp://localhost/"))
        .withMessageContaining("http://");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> transport.start(1, "GET", url(), 2, new byte[1]))
        .withMessageContaining("bodyLength");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NativeTransport.demand(transport.handle(), 1, -1))
        .withMessageContaining("chunks");
    assertThatIllegalStateException().isThrownBy(() -> NativeTransport.cancel(0, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NativeTransport.gauges(transport.handle(), new int[2]));
  }

  @Test
  void oneIsAdmittedAfterTheOther() {
    long limit = NativeTransport.limit(transport.handle(), 1, 0, 0, 1_000_000, 5);
    assertThat(transport.admit(1, limit, 5, 0).failure()).isNull();
    Transport.Exchange second = transport.admit(2, limit, 5, 1);
    assertThat(transport.admit(3, 0, 0, 2).failure()).isNull();
    NativeTransport.leave(transport.handle(), 1);
    assertThat(second.failure()).isNull();
    Transport.Exchange third = transport.admit(4, limit, 0, 0);
    transport.shutDown();
    assertThat(third.failure()).isEqualTo("Closed");
  }

  @Test
  void whatCannotBeAdmittedIsRefused() {
    long limit = NativeTransport.limit(transport.handle(), 0, 0, 0, 1_000_000, 5);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> transport.admit(1, limit, 6, 0))
        .withMessageContaining("raise the burst");
    assertThatIllegalArgumentException().isThrownBy(() -> transport.admit(1, limit + 1, 0, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> transport.admit(1, -1, 0, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> transport.admit(1, limit, -1, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> transport.admit(1, limit, 0, -1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NativeTransport.limit(transport.handle(), -1, 0, 0, 0, 0))
        .withMessageContaining("maxConcurrent");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NativeTransport.limit(transport.handle(), 0, 1, 0, 0, 0))
        .withMessageContaining("burst");
  }

  @Test
  void closingFailsWhatIsPending() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      List<Transport.Exchange> pending = new ArrayList<>();
      for (int tag = 0; tag < 20; tag++) {
        pending.add(transport.get(tag, "http://127.0.0.1:" + silent.getLocalPort() + "/"));
      }
      Waiting.until("the exchanges are in flight", () -> gauges()[0] == 20);
      transport.shutDown();
      assertThat(pending).allMatch(exchange -> exchange.failure().equals("Closed"));
      assertThat(gauges()).containsExactly(0, 0, 0);
      assertThat(NativeTransport.close(transport.handle())).isFalse();
      assertThatIllegalStateException().isThrownBy(() -> transport.get(99, url()));
    }
  }

  @Test
  void aCancelledExchangeClosesItsConnection() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      transport.get(1, "http://127.0.0.1:" + silent.getLocalPort() + "/");
      try (Socket connection = silent.accept()) {
        NativeTransport.cancel(transport.handle(), 1);
        connection.getInputStream().readAllBytes();
      }
      Waiting.until("nothing is left", () -> gauges()[0] + gauges()[1] == 0);
    }
  }
}
