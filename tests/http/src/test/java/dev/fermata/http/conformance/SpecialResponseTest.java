// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import static dev.fermata.http.conformance.ScriptedServer.ok;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses without a body, responses before the response, and what a response tells of itself. */
class SpecialResponseTest extends Conformance {
  private HttpRequest head(ScriptedServer server) {
    return to(server.uri("/")).method("HEAD", BodyPublishers.noBody()).build();
  }

  @Test
  void theLengthOfAHeadResponseIsNotThatOfItsBody() throws Exception {
    ScriptedServer server = answering(r -> "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    HttpClient client = client();

    for (int i = 0; i < 2; i++) {
      HttpResponse<String> response = text(client, head(server));
      assertThat(response.body()).isEmpty();
      assertThat(response.headers().firstValueAsLong("content-length")).hasValue(1_000);
    }
    assertThat(server.connections()).isEqualTo(1);
  }

  @Test
  void aHeadResponseInChunksHasNoBody() throws Exception {
    ScriptedServer server = answering(r -> "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");

    assertThat(text(client(), head(server)).body()).isEmpty();
  }

  @Test
  void noContentHasNoBody() throws Exception {
    ScriptedServer server = answering(r -> "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n");
    HttpClient client = client();

    for (int i = 0; i < 2; i++) {
      HttpResponse<String> response = text(client, get(server.uri("/")));
      assertThat(response.statusCode()).isEqualTo(204);
      assertThat(response.body()).isEmpty();
      assertThat(response.headers().firstValue("x-a")).contains("b");
    }
    assertThat(server.connections()).isEqualTo(1);
  }

  /** RFC 9110 forbids a length there; the JDK's client treats it as an error. */
  @Test
  void noContentWithALengthFails() {
    ScriptedServer server = answering(r -> "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n");

    assertFails(client(), get(server.uri("/")), IOException.class);
  }

  @Test
  void notModifiedHasNoBody() throws Exception {
    ScriptedServer server =
        answering(r -> "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: \"x\"\r\n\r\n");
    HttpClient client = client();

    for (int i = 0; i < 2; i++) {
      HttpResponse<String> response = text(client, get(server.uri("/")));
      assertThat(response.statusCode()).isEqualTo(304);
      assertThat(response.body()).isEmpty();
    }
    assertThat(server.connections()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 201, 202, 299, 400, 404, 418, 429, 500, 503, 599})
  void anyStatusIsAResponse(int status) throws Exception {
    ScriptedServer server = answering(r -> ScriptedServer.response(status, "", "text"));

    HttpResponse<String> response = text(client(), get(server.uri("/")));

    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.body()).isEqualTo("text");
  }

  @Test
  void aResponseTellsOfItsRequest() throws Exception {
    ScriptedServer server = answering(r -> ok("text"));
    HttpRequest request = to(server.uri("/a?b")).header("X-A", "b").build();

    HttpResponse<String> response = text(client(), request);

    assertThat(response.uri()).isEqualTo(request.uri());
    assertThat(response.request().uri()).isEqualTo(request.uri());
    assertThat(response.request().method()).isEqualTo("GET");
    assertThat(response.request().headers().firstValue("x-a")).contains("b");
    assertThat(response.previousResponse()).isEmpty();
    assertThat(response.sslSession()).isEmpty();
  }

  /** Java 11 waits for ever. */
  @Test
  void informationBeforeTheResponseIsPassedOver() throws Exception {
    if (isJdkBefore(17)) {
      return;
    }
    ScriptedServer server =
        answering(
            r ->
                "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                    + ok("text"));

    HttpResponse<String> response = text(client(), get(server.uri("/")));

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("text");
  }

  @Test
  void theBodyWaitsForAContinue() throws Exception {
    List<String> seen = new CopyOnWriteArrayList<>();
    ScriptedServer server =
        scripted(
            connection -> {
              Received request = connection.next();
              seen.add("head " + request.header("Expect").toLowerCase(Locale.ROOT));
              connection.write("HTTP/1.1 100 Continue\r\n\r\n");
              seen.add("body " + request.text());
              connection.write(ok("done"));
            });
    HttpRequest request =
        to(server.uri("/")).expectContinue(true).POST(BodyPublishers.ofString("data")).build();

    assertThat(text(client(), request).body()).isEqualTo("done");
    assertThat(seen).containsExactly("head 100-continue", "body data");
  }

  /** Older JDKs wait for ever. */
  @Test
  void noBodyIsSentWhereTheServerRefusesIt() throws Exception {
    if (isJdkBefore(21)) {
      return;
    }
    List<Integer> bytes = new CopyOnWriteArrayList<>();
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              connection.write(
                  "HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\n"
                      + "Content-Length: 2\r\n\r\nno");
              connection.endOutput();
              bytes.add((int) connection.skip(1_000));
            });
    HttpRequest request =
        to(server.uri("/")).expectContinue(true).POST(BodyPublishers.ofString("data")).build();

    HttpResponse<String> response = text(client(), request);

    assertThat(response.statusCode()).isEqualTo(417);
    assertThat(response.body()).isEqualTo("no");
    server.close();
    assertThat(bytes).allMatch(count -> count == 0);
  }

  @Test
  void connectionCloseIsHeeded() throws Exception {
    ScriptedServer server =
        answering(r -> ScriptedServer.response(200, "Connection: close\r\n", "text"));
    HttpClient client = client();

    text(client, get(server.uri("/")));
    text(client, get(server.uri("/")));

    assertThat(server.connections()).isEqualTo(2);
  }

  @Test
  void connectionsAreUsedAgain() throws Exception {
    ScriptedServer server = answering(r -> ok("text"));
    HttpClient client = client();

    for (int i = 0; i < 10; i++) {
      assertThat(text(client, get(server.uri("/"))).body()).isEqualTo("text");
    }

    assertThat(server.connections()).isEqualTo(1);
  }

  @Test
  void anHttp10ResponseIsReadToItsEnd() throws Exception {
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              connection.write("HTTP/1.0 200 OK\r\nX-A: b\r\n\r\ntext");
            });

    HttpResponse<String> response = text(client(), get(server.uri("/")));

    assertThat(response.body()).isEqualTo("text");
    assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
  }
}
