// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import static dev.fermata.http.conformance.ScriptedServer.ok;
import static dev.fermata.http.conformance.ScriptedServer.response;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undertow.util.Headers;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When a redirect is followed, and how. */
class RedirectTest extends Conformance {
  private final List<String> seen = new CopyOnWriteArrayList<>();

  private HttpClient following(Redirect policy) {
    return client(options -> options.followRedirects(policy));
  }

  /** Redirects /from to /to, and answers anything else with what it was asked. */
  private ScriptedServer redirecting(int status, String location) {
    return answering(
        received -> {
          String body = received.text();
          seen.add(received.method + " " + received.target + " " + body);
          return received.target.equals("/from")
              ? response(status, "Location: " + location + "\r\n", "moved")
              : ok("there");
        });
  }

  @ParameterizedTest
  @CsvSource({
    "301, GET, GET",
    "302, GET, GET",
    "303, GET, GET",
    "307, GET, GET",
    "308, GET, GET",
    "301, POST, GET",
    "302, POST, GET",
    "303, POST, GET",
    "307, POST, POST",
    "308, POST, POST",
    "301, PUT, PUT",
    "302, PUT, PUT",
    "303, PUT, GET",
    "307, PUT, PUT",
    "301, HEAD, HEAD",
    "307, HEAD, HEAD"
  })
  void theMethodAfterARedirect(int status, String method, String then) throws Exception {
    ScriptedServer server =
        answering(
            received -> {
              String body = received.text();
              seen.add(received.method + " " + received.target + " " + body);
              String text = received.method.equals("HEAD") ? "" : "moved";
              return received.target.equals("/from")
                  ? response(status, "Location: /to\r\n", text)
                  : response(200, "", "");
            });
    boolean hasBody = method.startsWith("P");
    HttpRequest request =
        to(server.uri("/from"))
            .method(method, hasBody ? BodyPublishers.ofString("data") : BodyPublishers.noBody())
            .build();

    HttpResponse<String> response = text(following(Redirect.ALWAYS), request);

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(seen)
        .containsExactly(
            method + " /from " + (hasBody ? "data" : ""),
            then + " /to " + (hasBody && keepsBody(method, then) ? "data" : ""));
  }

  /** Java 11 sends the body along with a GET too. */
  private boolean keepsBody(String method, String then) {
    return then.equals(method) || isJdkBefore(12);
  }

  /** Java 11 follows all of them but 304. */
  @ParameterizedTest
  @ValueSource(ints = {300, 304, 305, 306})
  void whatIsNotFollowed(int status) throws Exception {
    if (isJdkBefore(12)) {
      return;
    }
    ScriptedServer server =
        answering(
            r ->
                "HTTP/1.1 "
                    + status
                    + " X\r\nLocation: /to\r\n"
                    + (status == 304 ? "" : "Content-Length: 0\r\n")
                    + "\r\n");

    HttpResponse<String> response = text(following(Redirect.ALWAYS), get(server.uri("/from")));

    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.previousResponse()).isEmpty();
  }

  @Test
  void neverMeansNever() throws Exception {
    HttpResponse<String> response = text(client(), get(redirecting(302, "/to").uri("/from")));

    assertThat(response.statusCode()).isEqualTo(302);
    assertThat(response.body()).isEqualTo("moved");
    assertThat(seen).hasSize(1);
  }

  @Test
  void thePreviousResponseIsKeptWithoutBody() throws Exception {
    ScriptedServer server = redirecting(302, "/to?a=b");
    HttpRequest request = get(server.uri("/from"));

    HttpResponse<String> response = text(following(Redirect.NORMAL), request);

    assertThat(response.uri()).isEqualTo(server.uri("/to?a=b"));
    assertThat(response.request().uri()).isEqualTo(server.uri("/to?a=b"));
    assertThat(response.body()).isEqualTo("there");
    HttpResponse<String> previous = response.previousResponse().orElseThrow();
    assertThat(previous.statusCode()).isEqualTo(302);
    assertThat(previous.body()).isNull();
    assertThat(previous.headers().firstValue("location")).contains("/to?a=b");
    assertThat(previous.uri()).isEqualTo(request.uri());
    assertThat(previous.previousResponse()).isEmpty();
    assertThat(server.connections()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(Redirect.class)
  void betweenPlainTextAndTls(Redirect policy) throws Exception {
    TestAuthority authority = new TestAuthority();
    KnownServer server = open(new KnownServer(authority));
    server.handling(
        exchange -> {
          boolean secure = exchange.getRequestScheme().equals("https");
          if (exchange.getRequestPath().equals("/from")) {
            exchange.setStatusCode(302);
            exchange
                .getResponseHeaders()
                .put(
                    Headers.LOCATION,
                    (secure ? server.plain("/to") : server.secure("/to")).toString());
          } else {
            exchange.getResponseSender().send(secure ? "secure" : "plain");
          }
        });
    HttpClient client = build(contender.trusting(authority).followRedirects(policy));

    HttpResponse<String> up = text(client, get(server.plain("/from")));
    HttpResponse<String> down = text(client, get(server.secure("/from")));

    assertThat(up.body()).isEqualTo(policy == Redirect.NEVER ? "" : "secure");
    assertThat(down.body()).isEqualTo(policy == Redirect.ALWAYS ? "plain" : "");
    assertThat(down.statusCode()).isEqualTo(policy == Redirect.ALWAYS ? 200 : 302);
  }

  @Test
  void aRelativeLocationIsResolved() throws Exception {
    ScriptedServer server =
        answering(
            r ->
                r.target.equals("/a/b/from")
                    ? response(302, "Location: ../c?q\r\n", "")
                    : ok(r.target));

    assertThat(text(following(Redirect.NORMAL), get(server.uri("/a/b/from"))).body())
        .isEqualTo("/a/c?q");
  }

  /** The limit is jdk.httpclient.redirects.retrylimit, 5; what happens then is not documented. */
  @Test
  void aLoopEndsWithTheRedirectThatIsOneTooMany() throws Exception {
    ScriptedServer server =
        answering(
            r -> {
              seen.add(r.target);
              return response(302, "Location: /again\r\n", "");
            });

    HttpResponse<String> response = text(following(Redirect.ALWAYS), get(server.uri("/")));

    assertThat(response.statusCode()).isEqualTo(302);
    assertThat(seen).hasSize(5);
    List<Integer> statuses = new ArrayList<>();
    for (HttpResponse<String> r = response; r != null; r = r.previousResponse().orElse(null)) {
      statuses.add(r.statusCode());
    }
    assertThat(statuses).containsOnly(302).hasSize(5);
  }

  @Test
  void aRedirectWithoutLocationFails() {
    ScriptedServer server = answering(r -> response(302, "", ""));

    assertThatThrownBy(() -> text(following(Redirect.ALWAYS), get(server.uri("/"))))
        .isInstanceOf(IOException.class);
  }

  /** Older JDKs throw an unchecked exception for what a server did. */
  @Test
  void aLocationThatIsNoUriFails() {
    ScriptedServer server = answering(r -> response(302, "Location: http://[bad\r\n", ""));

    assertThatThrownBy(() -> text(following(Redirect.ALWAYS), get(server.uri("/"))))
        .isInstanceOf(isJdkBefore(25) ? Exception.class : IOException.class);
  }

  @Test
  void ownHeadersGoAlongToTheSameServer() throws Exception {
    ScriptedServer server =
        answering(
            r ->
                r.target.equals("/from")
                    ? response(302, "Location: /to\r\n", "")
                    : ok(r.headers("X-Mine") + " " + r.header("Authorization")));

    HttpRequest request =
        to(server.uri("/from"))
            .header("X-Mine", "a")
            .header("X-Mine", "b")
            .header("Authorization", "Custom c")
            .build();

    assertThat(text(following(Redirect.NORMAL), request).body()).isEqualTo("[a, b] Custom c");
  }

  /** Credentials of the user too on JDKs before 25 and late updates; ours stay behind always. */
  @Test
  void ownHeadersGoAlongToAnotherServer() throws Exception {
    ScriptedServer other =
        answering(r -> ok(r.headers("X-Mine") + " " + r.headers("Authorization")));
    ScriptedServer server =
        answering(r -> response(302, "Location: " + other.uri("/") + "\r\n", ""));
    HttpRequest request =
        to(server.uri("/from")).header("X-Mine", "a").header("Authorization", "Custom c").build();

    String seen = text(following(Redirect.NORMAL), request).body();

    if (contender == Contender.FERMATA) {
      assertThat(seen).isEqualTo("[a] []");
    } else {
      assertThat(seen).startsWith("[a] ");
    }
  }

  @Test
  void theHandlerIsAskedOnceForTheLastResponse() throws Exception {
    ScriptedServer server = redirecting(302, "/to");
    List<Integer> statuses = new CopyOnWriteArrayList<>();

    following(Redirect.NORMAL)
        .send(
            get(server.uri("/from")),
            info -> {
              statuses.add(info.statusCode());
              return HttpResponse.BodySubscribers.discarding();
            });

    assertThat(statuses).containsExactly(200);
  }
}
