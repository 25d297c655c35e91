// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import static dev.fermata.http.conformance.ScriptedServer.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that are not there, end too early, or speak no HTTP. */
class FailureTest extends Conformance {
  /** A server that reads a request, says {@code text}, and closes the connection. */
  private ScriptedServer saying(String text) {
    return scripted(
        connection -> {
          Received request = connection.next();
          if (request != null) {
            request.body();
            connection.write(text);
          }
        });
  }

  @Test
  void nobodyListens() throws Exception {
    URI uri;
    try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      uri = URI.create("http://localhost:" + closed.getLocalPort() + "/");
    }

    assertFails(client(), get(uri), ConnectException.class);
  }

  @Test
  void theHostIsUnknown() {
    assertFails(client(), get(URI.create("http://no-such-host.invalid/")), ConnectException.class);
  }

  @Test
  void theConnectionClosesBeforeTheResponse() {
    assertFails(client(), get(saying("").uri("/")), IOException.class);
    assertFails(
        client(),
        to(saying("").uri("/")).POST(BodyPublishers.ofString("data")).build(),
        IOException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"HTTP/1.1 200 OK\r\nX-A: b\r\n", "HTTP/1.1 200", "H", "HTTP/1.1 200 OK\r\n"})
  void theConnectionClosesWithinTheHead(String part) {
    assertFails(client(), get(saying(part).uri("/")), IOException.class);
  }

  /** The documentation promises an IOException; which one a client throws is its own choice. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "SMTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        "\u0000\u0001\u0002\u0003\r\n\r\n"
      })
  void theHeadIsMalformed(String head) {
    assertThatThrownBy(() -> text(client(), get(saying(head).uri("/"))))
        .isInstanceOf(IOException.class);
  }

  /** The JDK's client takes these for responses, or throws unchecked exceptions. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 99999 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\n: value\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n"
      })
  void theResponseIsMalformedInAWayThatTheJdkLetsPass(String response) {
    if (contender == Contender.FERMATA) {
      assertFails(client(), get(saying(response).uri("/")), IOException.class);
    }
  }

  @Test
  void theBodyIsShorterThanItsLength() {
    assertFails(
        client(),
        get(saying("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello").uri("/")),
        IOException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"5\r\nhel", "5\r\nhello\r\n", "5\r\nhello", "5", "5\r\nhello\r\n0\r\n"})
  void theChunksAreTruncated(String chunks) {
    assertFails(
        client(),
        get(saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks).uri("/")),
        IOException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"x\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n"})
  void theChunksAreMalformed(String chunks) {
    assertFails(
        client(),
        get(saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks).uri("/")),
        IOException.class);
  }

  @Test
  void aTruncatedBodyFailsItsStream() throws Exception {
    ScriptedServer server = saying("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");

    HttpResponse<InputStream> response =
        client().send(get(server.uri("/")), BodyHandlers.ofInputStream());

    assertThat(response.statusCode()).isEqualTo(200);
    try (InputStream in = response.body()) {
      assertThatThrownBy(in::readAllBytes).isInstanceOf(IOException.class);
    }
  }

  @Test
  void bytesAfterTheResponseDoNotHarmTheNextRequest() throws Exception {
    ScriptedServer server = saying(ok("hello") + "garbage");

    assertThat(text(client(), get(server.uri("/"))).body()).isEqualTo("hello");
  }

  @Test
  void aConnectionThatTheServerClosedIsNotUsedAgain() throws Exception {
    ScriptedServer server = saying(ok("hello"));
    var client = client();

    for (int i = 0; i < 5; i++) {
      assertThat(text(client, get(server.uri("/"))).body()).isEqualTo("hello");
    }
    assertThat(server.connections()).isEqualTo(5);
  }

  /** A server that reads the first request for {@code /lost} and closes the connection. */
  private ScriptedServer losing(List<String> seen) {
    return scripted(
        connection -> {
          for (Received next = connection.next(); next != null; next = connection.next()) {
            seen.add(next.method + " " + next.target);
            next.body();
            if (next.target.equals("/lost") && seen.size() == 2) {
              return;
            }
            connection.write(ok("hello"));
          }
        });
  }

  @Test
  void aRequestWithoutEffectIsSentAgainIfItsPooledConnectionWasLost() throws Exception {
    List<String> seen = new CopyOnWriteArrayList<>();
    ScriptedServer server = losing(seen);
    var client = client();

    text(client, get(server.uri("/")));
    assertThat(text(client, get(server.uri("/lost"))).body()).isEqualTo("hello");

    assertThat(seen).containsExactly("GET /", "GET /lost", "GET /lost");
  }

  @Test
  void aRequestThatMayHaveHadAnEffectIsNotSentAgain() throws Exception {
    List<String> seen = new CopyOnWriteArrayList<>();
    ScriptedServer server = losing(seen);
    var client = client();
    var post = to(server.uri("/lost")).POST(BodyPublishers.ofString("data")).build();

    text(client, get(server.uri("/")));
    assertThatThrownBy(() -> text(client, post)).isInstanceOf(IOException.class);

    assertThat(seen).containsExactly("GET /", "POST /lost");
  }

  @Test
  void aHeadThatComesByteByByteIsRead() throws Exception {
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              for (char c : ok("hello").toCharArray()) {
                connection.write(String.valueOf(c));
              }
            });

    assertThat(text(client(), get(server.uri("/"))).body()).isEqualTo("hello");
  }

  @Test
  void anotherRequestWorksAfterAFailedOne() throws Exception {
    var client = client();
    ScriptedServer bad = saying("nonsense");
    ScriptedServer good = saying(ok("hello"));

    assertThatThrownBy(() -> text(client, get(bad.uri("/")))).isInstanceOf(IOException.class);
    assertThat(text(client, get(good.uri("/"))).body()).isEqualTo("hello");
  }
}
