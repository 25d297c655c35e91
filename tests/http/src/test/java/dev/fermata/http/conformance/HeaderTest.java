// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import static dev.fermata.http.conformance.ScriptedServer.ok;
import static dev.fermata.http.conformance.ScriptedServer.response;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Headers in both directions, the request line, and requests that were not built by the JDK. */
class HeaderTest extends Conformance {
  private final AtomicReference<Received> received = new AtomicReference<>();

  private ScriptedServer recording() {
    return answering(
        request -> {
          received.set(request);
          return ok("");
        });
  }

  @Test
  void theHeadersThatEveryRequestHas() throws Exception {
    ScriptedServer server = recording();

    text(client(), get(server.uri("/")));

    assertThat(received.get().header("Host")).isEqualTo("localhost:" + server.port());
    assertThat(received.get().header("User-Agent"))
        .isEqualTo("Java-http-client/" + System.getProperty("java.version"));
    assertThat(received.get().header("Accept-Encoding")).isNull();
    assertThat(received.get().header("Accept")).isNull();
  }

  @Test
  void theUserAgentCanBeReplaced() throws Exception {
    ScriptedServer server = recording();

    text(client(), to(server.uri("/")).header("User-Agent", "mine").build());

    assertThat(received.get().header("User-Agent")).isEqualTo("mine");
  }

  @Test
  void repeatedHeadersKeepTheirOrder() throws Exception {
    ScriptedServer server = recording();

    text(
        client(),
        to(server.uri("/"))
            .header("X-Many", "one")
            .header("x-many", "two, three")
            .setHeader("X-Once", "gone")
            .setHeader("X-Once", "kept")
            .header("X-Empty", "")
            .build());

    assertThat(received.get().headers("X-Many")).containsExactly("one", "two, three");
    assertThat(received.get().headers("X-Once")).containsExactly("kept");
    assertThat(received.get().headers("X-Empty")).containsExactly("");
  }

  @Test
  void theRequestTargetIsThePathAndQueryAsWritten() throws Exception {
    ScriptedServer server = recording();

    text(client(), get(server.uri("/a%20b/%C3%A4?q=1%262&x#fragment")));
    assertThat(received.get().target).isEqualTo("/a%20b/%C3%A4?q=1%262&x");
    text(client(), get(server.uri("")));
    assertThat(received.get().target).isEqualTo("/");
    text(client(), get(server.uri("?q")));
    assertThat(received.get().target).isEqualTo("/?q");
    text(client(), get(server.uri("/\u00e4")));
    assertThat(received.get().target).isEqualTo("/%C3%A4");
  }

  @Test
  void responseHeadersAreFoundWhateverTheirCase() throws Exception {
    ScriptedServer server =
        answering(r -> response(200, "X-Many: one\r\nx-MANY: two\r\nX-Number: 12\r\n", ""));

    HttpHeaders headers = text(client(), get(server.uri("/"))).headers();

    assertThat(headers.allValues("x-many")).containsExactly("one", "two");
    assertThat(headers.firstValue("X-MANY")).contains("one");
    assertThat(headers.firstValueAsLong("x-number")).hasValue(12);
    assertThat(headers.map().get("x-Many")).isEqualTo(List.of("one", "two"));
    assertThat(headers.firstValue("none")).isEmpty();
    assertThat(headers.firstValueAsLong("content-length")).hasValue(0);
  }

  @Test
  void whiteSpaceAroundValuesIsDropped() throws Exception {
    ScriptedServer server = answering(r -> response(200, "X-Space: \t a b \t\r\nX-None:\r\n", ""));

    HttpHeaders headers = text(client(), get(server.uri("/"))).headers();

    assertThat(headers.firstValue("X-Space")).contains("a b");
    assertThat(headers.firstValue("X-None")).contains("");
  }

  @Test
  void manyAndLongHeadersArrive() throws Exception {
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 80; i++) {
      many.append("X-").append(i).append(": ").append("v".repeat(200)).append("\r\n");
    }
    ScriptedServer server = answering(r -> response(200, many.toString(), ""));

    HttpHeaders headers = text(client(), get(server.uri("/"))).headers();

    for (int i = 0; i < 80; i++) {
      assertThat(headers.firstValue("x-" + i)).contains("v".repeat(200));
    }
  }

  @Test
  void theHandlerSeesStatusHeadersAndVersion() throws Exception {
    ScriptedServer server = answering(r -> response(201, "X-A: b\r\n", "text"));
    AtomicReference<HttpResponse.ResponseInfo> seen = new AtomicReference<>();

    HttpResponse<String> response =
        client()
            .send(
                get(server.uri("/")),
                info -> {
                  seen.set(info);
                  return BodyHandlers.ofString().apply(info);
                });

    assertThat(seen.get().statusCode()).isEqualTo(201);
    assertThat(seen.get().headers().firstValue("x-a")).contains("b");
    assertThat(seen.get().version()).isEqualTo(HttpClient.Version.HTTP_1_1);
    assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
  }

  @Test
  void aRequestOfAnotherClassIsCheckedAsTheBuilderWould() {
    ScriptedServer server = recording();
    HttpClient client = client();

    for (HttpRequest wrong :
        List.of(
            new OwnRequest(URI.create("ftp://localhost/"), "GET", "X-A", "b"),
            new OwnRequest(URI.create("/relative"), "GET", "X-A", "b"),
            new OwnRequest(server.uri("/"), "NO SPACE", "X-A", "b"),
            new OwnRequest(server.uri("/"), "GET", "Content-Length", "5"),
            new OwnRequest(server.uri("/"), "GET", "X A", "b"),
            new OwnRequest(server.uri("/"), "GET", "X-A", "b\r\nX-B: c"))) {
      assertThatThrownBy(() -> client.send(wrong, BodyHandlers.ofString()))
          .as("%s %s", wrong.method(), wrong.headers())
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(received).hasValue(null);
  }

  @Test
  void aRequestOfAnotherClassIsSent() throws Exception {
    HttpRequest own = new OwnRequest(recording().uri("/own"), "GET", "X-A", "b");

    HttpResponse<String> response = text(client(), own);

    assertThat(received.get().target).isEqualTo("/own");
    assertThat(received.get().header("X-A")).isEqualTo("b");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.request().uri()).isEqualTo(own.uri());
  }

  @Test
  void connectIsRefused() {
    HttpRequest connect = new OwnRequest(recording().uri("/"), "CONNECT", "X-A", "b");
    HttpClient client = client();

    assertThatThrownBy(() -> client.send(connect, BodyHandlers.ofString()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static final class OwnRequest extends HttpRequest {
    private final URI uri;
    private final String method;
    private final HttpHeaders headers;

    OwnRequest(URI uri, String method, String header, String value) {
      this.uri = uri;
      this.method = method;
      headers = HttpHeaders.of(Map.of(header, List.of(value)), (n, v) -> true);
    }

    @Override
    public Optional<BodyPublisher> bodyPublisher() {
      return Optional.empty();
    }

    @Override
    public String method() {
      return method;
    }

    @Override
    public Optional<Duration> timeout() {
      return Optional.empty();
    }

    @Override
    public boolean expectContinue() {
      return false;
    }

    @Override
    public URI uri() {
      return uri;
    }

    @Override
    public Optional<HttpClient.Version> version() {
      return Optional.empty();
    }

    @Override
    public HttpHeaders headers() {
      return headers;
    }
  }
}
