// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import static dev.fermata.http.conformance.ScriptedServer.ok;
import static dev.fermata.http.conformance.ScriptedServer.response;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.CookieHandler;
import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the cookie handler is asked, told and believed. */
class CookieTest extends Conformance {
  @Test
  void cookiesComeBack() throws Exception {
    ScriptedServer server =
        answering(
            r ->
                r.target.equals("/set")
                    ? response(200, "Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/\r\n", "")
                    : ok(r.headers("Cookie").toString()));
    HttpClient client = client(options -> options.cookieHandler(new CookieManager()));

    assertThat(text(client, get(server.uri("/get"))).body()).isEqualTo("[]");
    text(client, get(server.uri("/set")));

    assertThat(text(client, get(server.uri("/get"))).body()).isEqualTo("[a=1; b=2]");
  }

  @Test
  void cookiesOfARedirectAreUsedForItsTarget() throws Exception {
    ScriptedServer server =
        answering(
            r ->
                r.target.equals("/from")
                    ? response(302, "Location: /to\r\nSet-Cookie: a=1\r\n", "")
                    : ok(r.headers("Cookie").toString()));
    HttpClient client =
        client(
            options ->
                options
                    .cookieHandler(new CookieManager())
                    .followRedirects(HttpClient.Redirect.ALWAYS));

    assertThat(text(client, get(server.uri("/from"))).body()).isEqualTo("[a=1]");
  }

  @Test
  void ownCookiesAreSentBehindThoseOfTheHandler() throws Exception {
    ScriptedServer server = answering(r -> ok(r.headers("Cookie").toString()));
    HttpClient client =
        client(
            options -> options.cookieHandler(new Fixed(Map.of("Cookie", List.of("a=1", "b=2")))));

    assertThat(text(client, to(server.uri("/")).header("Cookie", "c=3").build()).body())
        .isEqualTo("[a=1; b=2; c=3]");
  }

  @Test
  void onlyCookieHeadersOfTheHandlerAreSent() throws Exception {
    ScriptedServer server = answering(r -> ok(r.headers("Cookie") + " " + r.headers("X-Other")));
    HttpClient client =
        client(
            options ->
                options.cookieHandler(
                    new Fixed(Map.of("Cookie", List.of("a=1"), "X-Other", List.of("x")))));

    assertThat(text(client, get(server.uri("/"))).body()).isEqualTo("[a=1] []");
  }

  @Test
  void aHandlerThatFailsFailsTheRequest() {
    ScriptedServer server = answering(r -> ok(""));
    CookieHandler failing =
        new CookieHandler() {
          @Override
          public Map<String, List<String>> get(URI uri, Map<String, List<String>> headers)
              throws IOException {
            throw new IOException("no cookies today");
          }

          @Override
          public void put(URI uri, Map<String, List<String>> headers) {}
        };

    assertFails(
        client(options -> options.cookieHandler(failing)), get(server.uri("/")), IOException.class);
  }

  private static final class Fixed extends CookieHandler {
    private final Map<String, List<String>> headers;

    Fixed(Map<String, List<String>> headers) {
      this.headers = headers;
    }

    @Override
    public Map<String, List<String>> get(URI uri, Map<String, List<String>> requestHeaders) {
      return headers;
    }

    @Override
    public void put(URI uri, Map<String, List<String>> responseHeaders) {}
  }
}
