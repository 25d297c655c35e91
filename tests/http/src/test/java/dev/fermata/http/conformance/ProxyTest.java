// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import static dev.fermata.http.conformance.ScriptedServer.ok;
import static dev.fermata.http.conformance.ScriptedServer.response;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** Requests by way of a proxy, in plain text and through a tunnel. */
class ProxyTest extends Conformance {
  private static final URI FAR = URI.create("http://far.invalid:81/path?q");

  private static ProxySelector at(int port) {
    return ProxySelector.of(new InetSocketAddress("localhost", port));
  }

  @Test
  void thePlainRequestNamesTheWholeUri() throws Exception {
    ScriptedServer proxy = answering(r -> ok(r.target + " " + r.header("Host")));

    assertThat(text(client(options -> options.proxy(at(proxy.port()))), get(FAR)).body())
        .isEqualTo(FAR + " far.invalid:81");
  }

  @Test
  void noProxyMeansADirectConnection() throws Exception {
    ScriptedServer server = answering(r -> ok(r.target));

    assertThat(
            text(
                    client(options -> options.proxy(HttpClient.Builder.NO_PROXY)),
                    get(server.uri("/direct")))
                .body())
        .isEqualTo("/direct");
  }

  @Test
  void theSelectorIsAskedWithTheUri() throws Exception {
    ScriptedServer proxy = answering(r -> ok("by proxy"));
    ScriptedServer server = answering(r -> ok("direct"));
    Selector selector =
        new Selector(new Proxy(Proxy.Type.HTTP, new InetSocketAddress("localhost", proxy.port())));
    HttpClient client = client(options -> options.proxy(selector));

    assertThat(text(client, get(FAR)).body()).isEqualTo("by proxy");
    assertThat(text(client, get(server.uri("/"))).body()).isEqualTo("direct");
    assertThat(selector.asked).containsExactly(FAR, server.uri("/"));
  }

  @Test
  void aSocksProxyIsPassedBy() throws Exception {
    ScriptedServer server = answering(r -> ok("direct"));
    ProxySelector socks =
        new ProxySelector() {
          @Override
          public List<Proxy> select(URI uri) {
            return List.of(new Proxy(Proxy.Type.SOCKS, new InetSocketAddress("localhost", 1)));
          }

          @Override
          public void connectFailed(URI uri, SocketAddress address, IOException failure) {}
        };

    assertThat(text(client(options -> options.proxy(socks)), get(server.uri("/"))).body())
        .isEqualTo("direct");
  }

  @Test
  void tlsGoesThroughATunnel() throws Exception {
    TestAuthority authority = new TestAuthority();
    KnownServer server = open(new KnownServer(authority));
    List<String> seen = new CopyOnWriteArrayList<>();
    ScriptedServer proxy =
        scripted(
            connection -> {
              Received request = connection.next();
              seen.add(request.method + " " + request.target + " " + request.headers("X-Mine"));
              connection.write("HTTP/1.1 200 Connected\r\n\r\n");
              connection.relay(server.port(1));
            });
    HttpClient client = build(contender.trusting(authority).proxy(at(proxy.port())));

    assertThat(
            text(client, to(server.secure("/x")).header("X-Mine", "a").build())
                .headers()
                .firstValue("x-target"))
        .contains("/x?");
    assertThat(seen).containsExactly("CONNECT localhost:" + server.port(1) + " []");
  }

  /** The response of the proxy is delivered, though the request itself was never sent. */
  @Test
  void aTunnelThatIsRefusedIsTheResponseOrAFailure() throws Exception {
    TestAuthority authority = new TestAuthority();
    ScriptedServer proxy = answering(r -> response(403, "", "forbidden"));
    HttpClient client = build(contender.trusting(authority).proxy(at(proxy.port())));

    assertFails(client, get(URI.create("https://far.invalid/")), IOException.class);
  }

  @Test
  void aProxyThatIsNotThereFails() {
    assertFails(client(options -> options.proxy(at(1))), get(FAR), ConnectException.class);
  }

  /** Sends what goes to {@code far.invalid} over a proxy. */
  private static final class Selector extends ProxySelector {
    private final Proxy proxy;
    private final List<URI> asked = new CopyOnWriteArrayList<>();

    Selector(Proxy proxy) {
      this.proxy = proxy;
    }

    @Override
    public List<Proxy> select(URI uri) {
      asked.add(uri);
      return List.of(uri.getHost().equals("far.invalid") ? proxy : Proxy.NO_PROXY);
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException failure) {}
  }
}
