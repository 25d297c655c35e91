// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import static dev.fermata.http.conformance.ScriptedServer.ok;
import static dev.fermata.http.conformance.ScriptedServer.response;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** Basic authentication by servers and proxies, the scheme that the JDK's client knows. */
class AuthenticationTest extends Conformance {
  private static final String GOOD = basic("user", "good");
  private static final String CHALLENGE = "WWW-Authenticate: Basic realm=\"the realm\"\r\n";

  private final List<String> seen = new CopyOnWriteArrayList<>();

  private static String basic(String user, String password) {
    return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes());
  }

  private ScriptedServer asking(String challenge) {
    return answering(
        received -> {
          String authorization = received.header("Authorization");
          seen.add(received.target + " " + authorization);
          return GOOD.equals(authorization)
              ? ok("welcome " + received.text())
              : response(401, challenge, "who are you?");
        });
  }

  private HttpClient knowing(String... passwords) {
    return client(options -> options.authenticator(new Passwords(passwords)));
  }

  @Test
  void theCredentialsAreAskedForAndSent() throws Exception {
    ScriptedServer server = asking(CHALLENGE);
    Passwords passwords = new Passwords("good");
    HttpClient client = client(options -> options.authenticator(passwords));

    HttpResponse<String> response =
        text(client, to(server.uri("/a")).POST(BodyPublishers.ofString("data")).build());

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("welcome data");
    assertThat(response.previousResponse().orElseThrow().statusCode()).isEqualTo(401);
    assertThat(seen).containsExactly("/a null", "/a " + GOOD);
    assertThat(passwords.asked)
        .containsExactly("SERVER localhost " + server.port() + " http the realm basic /a");
  }

  @Test
  void theyAreSentUnaskedTheNextTime() throws Exception {
    ScriptedServer server = asking(CHALLENGE);
    HttpClient client = knowing("good");

    text(client, get(server.uri("/dir/a")));
    assertThat(text(client, get(server.uri("/dir/b"))).statusCode()).isEqualTo(200);

    assertThat(seen).containsExactly("/dir/a null", "/dir/a " + GOOD, "/dir/b " + GOOD);
  }

  @Test
  void wrongOnesAreAskedForAgain() throws Exception {
    ScriptedServer server = asking(CHALLENGE);

    assertThat(text(knowing("bad", "worse", "good"), get(server.uri("/"))).statusCode())
        .isEqualTo(200);
    assertThat(seen)
        .containsExactly(
            "/ null", "/ " + basic("user", "bad"), "/ " + basic("user", "worse"), "/ " + GOOD);
  }

  /** The limit is jdk.httpclient.auth.retrylimit, 3. */
  @Test
  void tooManyWrongOnesFail() {
    ScriptedServer server = asking(CHALLENGE);

    assertFails(
        knowing("1", "2", "3", "4", "5", "6", "7", "8"), get(server.uri("/")), IOException.class);
    assertThat(seen).hasSize(10);
  }

  @Test
  void noCredentialsFail() {
    assertFails(knowing(), get(asking(CHALLENGE).uri("/")), IOException.class);
  }

  @Test
  void withoutAuthenticatorTheResponseIsDelivered() throws Exception {
    HttpResponse<String> response = text(client(), get(asking(CHALLENGE).uri("/")));

    assertThat(response.statusCode()).isEqualTo(401);
    assertThat(response.body()).isEqualTo("who are you?");
    assertThat(response.previousResponse()).isEmpty();
  }

  /** From Java 22 on; older JDKs do not send the user's own where there is an authenticator. */
  @Test
  void ownCredentialsAreNotReplaced() throws Exception {
    if (isJdkBefore(22)) {
      return;
    }
    ScriptedServer server = asking(CHALLENGE);
    HttpRequest request = to(server.uri("/")).header("Authorization", basic("user", "own")).build();

    HttpResponse<String> response = text(knowing("good"), request);

    assertThat(response.statusCode()).isEqualTo(401);
    assertThat(seen).containsExactly("/ " + basic("user", "own"));
  }

  @Test
  void otherSchemesAreLeftToTheCaller() throws Exception {
    ScriptedServer server = asking("WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n");

    assertThat(text(knowing("good"), get(server.uri("/"))).statusCode()).isEqualTo(401);
  }

  /** Java 11 looks at the first challenge alone. */
  @Test
  void basicIsFoundAmongOtherSchemes() throws Exception {
    if (isJdkBefore(12)) {
      return;
    }
    ScriptedServer server =
        asking("WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n" + CHALLENGE);

    assertThat(text(knowing("good"), get(server.uri("/"))).statusCode()).isEqualTo(200);
  }

  @Test
  void aChallengeWithoutSchemeFails() {
    assertFails(knowing("good"), get(asking("").uri("/")), IOException.class);
  }

  @Test
  void aProxyIsAnsweredToo() throws Exception {
    ScriptedServer proxy =
        answering(
            received -> {
              seen.add(received.target + " " + received.header("Proxy-Authorization"));
              return GOOD.equals(received.header("Proxy-Authorization"))
                  ? ok("by proxy")
                  : response(407, "Proxy-Authenticate: Basic realm=\"p\"\r\n", "");
            });
    Passwords passwords = new Passwords("good");
    HttpClient client =
        client(
            options ->
                options
                    .authenticator(passwords)
                    .proxy(ProxySelector.of(new InetSocketAddress("localhost", proxy.port()))));

    HttpResponse<String> response = text(client, to(URI.create("http://far.invalid/x")).build());

    assertThat(response.body()).isEqualTo("by proxy");
    assertThat(seen).containsExactly("http://far.invalid/x null", "http://far.invalid/x " + GOOD);
    assertThat(passwords.asked)
        .containsExactly("PROXY localhost " + proxy.port() + " http p basic /x");
  }

  /** Gives one password after the other and notes what it was asked for. */
  private static final class Passwords extends Authenticator {
    private final String[] passwords;
    private final List<String> asked = new ArrayList<>();

    Passwords(String... passwords) {
      this.passwords = passwords;
    }

    @Override
    protected synchronized PasswordAuthentication getPasswordAuthentication() {
      asked.add(
          getRequestorType()
              + " "
              + getRequestingHost()
              + " "
              + getRequestingPort()
              + " "
              + getRequestingProtocol()
              + " "
              + getRequestingPrompt()
              + " "
              + getRequestingScheme()
              + " "
              + getRequestingURL().getPath());
      return asked.size() > passwords.length
          ? null
          : new PasswordAuthentication("user", passwords[asked.size() - 1].toCharArray());
    }
  }
}
