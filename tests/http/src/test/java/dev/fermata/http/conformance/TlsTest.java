// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.undertow.server.HttpHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import org.junit.jupiter.api.Test;

/** Certificates, protocol versions, and HTTP/2, against a server that was not written here. */
class TlsTest extends Conformance {
  private final TestAuthority authority = new TestAuthority();

  private KnownServer server() {
    return open(new KnownServer(authority));
  }

  /** What {@code send} throws; on Java 11 it wraps it. */
  private Class<? extends IOException> handshakeFailure() {
    return isJdkBefore(12) ? IOException.class : SSLHandshakeException.class;
  }

  private HttpClient trusting(Version version) {
    return build(contender.trusting(authority).version(version));
  }

  @Test
  void aTrustedCertificateIsAccepted() throws Exception {
    KnownServer server = server();

    HttpResponse<String> response =
        text(
            trusting(Version.HTTP_1_1),
            to(server.secure("/a?b")).POST(BodyPublishers.ofString("data")).build());

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("data");
    assertThat(response.version()).isEqualTo(Version.HTTP_1_1);
    assertThat(response.headers().firstValue("x-protocol")).contains("HTTP/1.1");
    assertThat(response.headers().firstValue("x-target")).contains("/a?b");
  }

  @Test
  void theSessionShowsTheServersCertificates() throws Exception {
    KnownServer server = server();

    SSLSession session =
        text(trusting(Version.HTTP_2), get(server.secure("/"))).sslSession().orElseThrow();

    assertThat(session.getPeerCertificates()[0].toString()).contains("CN=localhost");
    assertThat(session.getPeerCertificates()[1]).isEqualTo(authority.certificate());
    assertThat(session.getPeerPrincipal().getName()).isEqualTo("CN=localhost");
    assertThat(text(client(), get(server.plain("/"))).sslSession()).isEmpty();
  }

  @Test
  void http2IsSpokenWherePreferred() throws Exception {
    KnownServer server = server();

    HttpResponse<String> response =
        text(
            trusting(Version.HTTP_2),
            to(server.secure("/a?b"))
                .header("X-Upper", "V")
                .POST(BodyPublishers.ofString("data"))
                .build());

    assertThat(response.body()).isEqualTo("data");
    assertThat(response.version()).isEqualTo(Version.HTTP_2);
    assertThat(response.headers().firstValue("X-Protocol")).contains("HTTP/2.0");
  }

  @Test
  void theRequestsVersionGoesBeforeTheClients() throws Exception {
    KnownServer server = server();

    assertThat(
            text(trusting(Version.HTTP_2), to(server.secure("/")).version(Version.HTTP_1_1).build())
                .version())
        .isEqualTo(Version.HTTP_1_1);
    assertThat(
            text(trusting(Version.HTTP_1_1), to(server.secure("/")).version(Version.HTTP_2).build())
                .version())
        .isEqualTo(Version.HTTP_2);
  }

  /** A documented difference: the JDK's client upgrades from plain text, which RFC 9113 dropped. */
  @Test
  void http2InPlainTextIsLeftToTheJdk() throws Exception {
    KnownServer server = server();

    assertThat(text(client(), get(server.plain("/"))).version())
        .isEqualTo(contender == Contender.JDK ? Version.HTTP_2 : Version.HTTP_1_1);
  }

  @Test
  void manyStreamsShareAConnection() throws Exception {
    KnownServer server = server();
    HttpClient client = trusting(Version.HTTP_2);
    text(client, get(server.secure("/")));
    List<CompletableFuture<HttpResponse<String>>> responses = new ArrayList<>();

    for (int i = 0; i < 50; i++) {
      HttpRequest request =
          to(server.secure("/" + i)).POST(BodyPublishers.ofString("body " + i)).build();
      responses.add(client.sendAsync(request, BodyHandlers.ofString()));
    }

    for (int i = 0; i < 50; i++) {
      assertThat(responses.get(i).get().body()).isEqualTo("body " + i);
      assertThat(responses.get(i).get().version()).isEqualTo(Version.HTTP_2);
    }
  }

  @Test
  void aBodyLargerThanTheWindowsOfHttp2GoesBothWays() throws Exception {
    KnownServer server = server();
    byte[] body = new byte[3_000_000];
    body[body.length - 1] = 1;

    HttpResponse<byte[]> response =
        trusting(Version.HTTP_2)
            .send(
                to(server.secure("/")).POST(BodyPublishers.ofByteArray(body)).build(),
                BodyHandlers.ofByteArray());

    assertThat(response.body()).isEqualTo(body);
  }

  /** It has a window of its own: the others on its connection go on, and the server waits. */
  @Test
  void aStreamOfHttp2ThatNobodyReadsHoldsUpNoOther() throws Exception {
    int pieces = 600;
    AtomicLong sent = new AtomicLong();
    Set<Object> connections = ConcurrentHashMap.newKeySet();
    KnownServer server = server();
    server.handling(
        exchange -> {
          connections.add(exchange.getConnection().getPeerAddress());
          if (!exchange.getRequestPath().equals("/slow")) {
            exchange.getResponseSender().send("quick");
            return;
          }
          exchange.dispatch(
              (HttpHandler)
                  blocking -> {
                    blocking.startBlocking();
                    OutputStream out = blocking.getOutputStream();
                    for (int i = 0; i < pieces; i++) {
                      out.write(new byte[100_000]);
                      sent.addAndGet(100_000);
                    }
                    blocking.endExchange();
                  });
        });
    HttpClient client = trusting(Version.HTTP_2);

    long ahead = 0;
    try (InputStream slow =
        client.send(get(server.secure("/slow")), BodyHandlers.ofInputStream()).body()) {
      assertThat(slow.read()).isZero();
      for (int i = 0; i < 20; i++) {
        assertThat(text(client, get(server.secure("/quick"))).body()).isEqualTo("quick");
      }
      long read = 1;
      byte[] piece = new byte[100_000];
      int count;
      do {
        count = slow.readNBytes(piece, 0, piece.length);
        read += count;
        ahead = Math.max(ahead, sent.get() - read);
      } while (count > 0);
      assertThat(read).isEqualTo(pieces * 100_000L);
    }

    assertThat(connections).hasSize(1);
    // What fits into the windows and the buffers of two sockets, and no more.
    assertThat(ahead).isLessThan(pieces * 100_000L / 2);
  }

  /** As servers show that sign for themselves with OpenSSL's defaults. */
  @Test
  void aTrustedCertificateThatSaysToBeAnAuthoritysIsAccepted() throws Exception {
    KnownServer server = open(new KnownServer(authority.ownContext()));

    assertThat(text(trusting(Version.HTTP_2), get(server.secure("/"))).statusCode()).isEqualTo(200);
    assertFails(
        build(contender.trusting(new TestAuthority())),
        get(server.secure("/")),
        handshakeFailure());
  }

  @Test
  void anUnknownAuthorityIsRefused() {
    assertFails(client(), get(server().secure("/")), handshakeFailure());
    assertFails(
        build(contender.trusting(new TestAuthority())),
        get(server().secure("/")),
        handshakeFailure());
  }

  @Test
  void aCertificateForAnotherHostIsRefused() {
    KnownServer other =
        open(new KnownServer(authority.serverContext("other.example", Duration.ofDays(1))));

    assertFails(trusting(Version.HTTP_2), get(other.secure("/")), handshakeFailure());
  }

  @Test
  void anExpiredCertificateIsRefused() {
    KnownServer expired =
        open(new KnownServer(authority.serverContext("localhost", Duration.ofMinutes(30))));

    assertFails(trusting(Version.HTTP_2), get(expired.secure("/")), handshakeFailure());
  }

  @Test
  void aServerThatSpeaksNoTlsFails() {
    ScriptedServer plain = scripted(connection -> connection.write("HTTP/1.1 400 Bad\r\n\r\n"));

    assertFails(
        client(),
        get(URI.create("https://localhost:" + plain.port() + "/")),
        isJdkBefore(12) ? IOException.class : SSLException.class);
  }

  @Test
  void aContextOfTheUsersOwnIsHonoured() throws Exception {
    HttpClient client = client(options -> options.sslContext(authority.clientContext()));

    assertThat(text(client, get(server().secure("/"))).statusCode()).isEqualTo(200);
    expectFallbacks(1);
  }

  @Test
  void parametersOfTheUsersOwnAreHonoured() throws Exception {
    SSLParameters onlyTls12 = new SSLParameters();
    onlyTls12.setProtocols(new String[] {"TLSv1.2"});
    HttpClient client =
        client(options -> options.sslContext(authority.clientContext()).sslParameters(onlyTls12));

    HttpResponse<String> response = text(client, get(server().secure("/")));

    assertThat(response.sslSession().orElseThrow().getProtocol()).isEqualTo("TLSv1.2");
    expectFallbacks(1);
  }
}
