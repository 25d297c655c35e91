// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Authenticator;
import java.net.CookieManager;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpClient.Version;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Options, their defaults, and closing. */
class ClientTest extends Conformance {
  @Test
  void theDefaults() throws Exception {
    HttpClient client = client();

    assertThat(client.authenticator()).isEmpty();
    assertThat(client.connectTimeout()).isEmpty();
    assertThat(client.cookieHandler()).isEmpty();
    assertThat(client.executor()).isEmpty();
    assertThat(client.followRedirects()).isEqualTo(Redirect.NEVER);
    assertThat(client.proxy()).isEmpty();
    assertThat(client.sslContext()).isSameAs(SSLContext.getDefault());
    assertThat(client.sslParameters().getProtocols())
        .isEqualTo(SSLContext.getDefault().getDefaultSSLParameters().getProtocols());
    assertThat(client.version()).isEqualTo(Version.HTTP_2);
  }

  @Test
  void theOptions() throws Exception {
    Authenticator authenticator = new Authenticator() {};
    CookieManager cookies = new CookieManager();
    Executor executor = Runnable::run;
    ProxySelector proxy = HttpClient.Builder.NO_PROXY;
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, null, null);
    SSLParameters parameters = new SSLParameters(new String[] {"A_CIPHER"});

    HttpClient client =
        client(
            options ->
                options
                    .authenticator(authenticator)
                    .connectTimeout(Duration.ofSeconds(3))
                    .cookieHandler(cookies)
                    .executor(executor)
                    .followRedirects(Redirect.NORMAL)
                    .priority(5)
                    .proxy(proxy)
                    .sslContext(context)
                    .sslParameters(parameters)
                    .version(Version.HTTP_1_1));
    parameters.setCipherSuites(new String[0]);

    assertThat(client.authenticator()).containsSame(authenticator);
    assertThat(client.connectTimeout()).contains(Duration.ofSeconds(3));
    assertThat(client.cookieHandler()).containsSame(cookies);
    assertThat(client.executor()).containsSame(executor);
    assertThat(client.followRedirects()).isEqualTo(Redirect.NORMAL);
    assertThat(client.proxy()).containsSame(proxy);
    assertThat(client.sslContext()).isSameAs(context);
    assertThat(client.sslParameters().getCipherSuites()).containsExactly("A_CIPHER");
    client.sslParameters().setCipherSuites(new String[0]);
    assertThat(client.sslParameters().getCipherSuites()).containsExactly("A_CIPHER");
    assertThat(client.version()).isEqualTo(Version.HTTP_1_1);
  }

  @Test
  void whatTheBuilderRefuses() {
    HttpClient.Builder builder = contender.newBuilder();

    assertThatThrownBy(() -> builder.authenticator(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> builder.connectTimeout(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> builder.cookieHandler(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> builder.executor(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> builder.followRedirects(null))
        .isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> builder.proxy(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> builder.sslContext(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> builder.sslParameters(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> builder.version(null)).isInstanceOf(NullPointerException.class);
    for (Duration wrong : new Duration[] {Duration.ZERO, Duration.ofSeconds(-1)}) {
      assertThatThrownBy(() -> builder.connectTimeout(wrong))
          .isInstanceOf(IllegalArgumentException.class);
    }
    for (int wrong : new int[] {-1, 0, 257}) {
      assertThatThrownBy(() -> builder.priority(wrong))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void sendRefusesNull() {
    HttpClient client = client();

    assertThatThrownBy(() -> client.sendAsync(null, BodyHandlers.ofString()))
        .isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> client.send(null, BodyHandlers.ofString()))
        .isInstanceOf(NullPointerException.class);
    var request = get(URI.create("http://localhost/"));
    assertThatThrownBy(() -> client.sendAsync(request, null))
        .isInstanceOf(NullPointerException.class);
  }

  @Test
  @Tag("java21")
  void aClientThatShutsDownEndsWhatItBegan() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              asked.countDown();
              answer.await();
              connection.write(ScriptedServer.ok("late"));
            });
    Closing client = new Closing(client());
    CompletableFuture<HttpResponse<String>> response =
        client.http.sendAsync(get(server.uri("/")), BodyHandlers.ofString());
    asked.await();

    client.call("shutdown");
    assertThat(client.call("isTerminated")).isEqualTo(false);
    assertFails(client.http, get(server.uri("/")), IOException.class);
    answer.countDown();

    assertThat(response.get().body()).isEqualTo("late");
    assertThat(client.awaitTermination(Duration.ofSeconds(LIMIT_SECONDS))).isTrue();
    assertThat(client.call("isTerminated")).isEqualTo(true);
  }

  @Test
  @Tag("java21")
  void aClientThatShutsDownAtOnceFailsWhatItBegan() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              asked.countDown();
              connection.awaitClose();
            });
    Closing client = new Closing(client());
    CompletableFuture<HttpResponse<String>> response =
        client.http.sendAsync(get(server.uri("/")), BodyHandlers.ofString());
    asked.await();

    client.call("shutdownNow");

    assertThatThrownBy(response::get)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(IOException.class);
    assertThat(client.awaitTermination(Duration.ofSeconds(LIMIT_SECONDS))).isTrue();
  }

  @Test
  @Tag("java21")
  void awaitTerminationGivesUp() throws Exception {
    assertThat(new Closing(client()).awaitTermination(Duration.ofMillis(1))).isFalse();
  }

  /** Methods that {@code HttpClient} has from Java 21 on, and {@code NativeHttpClient} always. */
  private static final class Closing {
    final HttpClient http;

    Closing(HttpClient http) {
      this.http = http;
    }

    Object call(String method) throws Exception {
      return HttpClient.class.getMethod(method).invoke(http);
    }

    boolean awaitTermination(Duration limit) throws Exception {
      return (boolean)
          HttpClient.class.getMethod("awaitTermination", Duration.class).invoke(http, limit);
    }
  }
}
