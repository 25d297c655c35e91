// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import dev.fermata.http.conformance.Received;
import dev.fermata.http.conformance.ScriptedServer;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLContext;

/** What tests of policies share. */
final class PolicyRig {
  static final Duration HOUR = Duration.ofHours(1);

  private PolicyRig() {}

  /** A client whose requests the native transport carries, or the JDK's client. */
  enum Kind {
    NATIVE,
    FALLBACK;

    NativeHttpClient.Builder builder() {
      NativeHttpClient.Builder builder = NativeHttpClient.newBuilder().name("policed");
      return this == NATIVE ? builder : builder.sslContext(defaultContext());
    }

    NativeHttpClient client(RequestPolicy.Builder policy) {
      return builder().policy(policy.build()).build();
    }

    private static SSLContext defaultContext() {
      try {
        return SSLContext.getDefault();
      } catch (NoSuchAlgorithmException impossible) {
        throw new AssertionError(impossible);
      }
    }
  }

  /** Repeats without a wait that anybody would notice. */
  static RequestPolicy.Builder retrying(int attempts) {
    return RequestPolicy.newBuilder()
        .maxAttempts(attempts)
        .backoff(Duration.ofMillis(1), 1, Duration.ofMillis(1));
  }

  /** Repeats, but not as long as a test lasts. */
  static RequestPolicy.Builder waitingLong(int attempts) {
    return RequestPolicy.newBuilder().maxAttempts(attempts).jitter(0).backoff(HOUR, 1, HOUR);
  }

  static HttpRequest get(ScriptedServer server, String path) {
    return HttpRequest.newBuilder(server.uri(path)).build();
  }

  static HttpRequest post(ScriptedServer server, String body) {
    return HttpRequest.newBuilder(server.uri("/")).POST(BodyPublishers.ofString(body)).build();
  }

  static PolicyCounts counts(NativeHttpClient client) {
    return client.policyCounts().orElseThrow();
  }

  static void until(BooleanSupplier holds) {
    while (!holds.getAsBoolean()) {
      Thread.yield();
    }
  }

  static String busy(Received asked) {
    return ScriptedServer.response(503, "", "busy");
  }
}
