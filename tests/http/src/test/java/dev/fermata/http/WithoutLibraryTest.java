// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ActionLoop;
import dev.fermata.http.conformance.ScriptedServer;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client where there is no native library is the JDK's. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WithoutLibraryTest {
  @Test
  void everythingFallsBackAndWorks() throws Exception {
    List<String> lines = new ClientProcess().with("-Dfermata.native=off").run(Program.class);

    assertThat(lines)
        .contains(
            "send data: a",
            "sendAsync data: a",
            "lines data: a,,data: b,",
            "events a,b",
            "in an action a,b",
            "fallbacks 5 of 5")
        .anyMatch(line -> line.startsWith("platform java.io.IOException") && line.contains("trust"))
        .anyMatch(line -> line.startsWith("policed java.io.IOException"));
  }

  static final class Program {
    private Program() {}

    public static void main(String[] arguments) throws Exception {
      try (ScriptedServer server =
              ScriptedServer.answering(r -> ScriptedServer.ok("data: a\n\ndata: b\n\n"));
          NativeHttpClient client = NativeHttpClient.newBuilder().build();
          ActionLoop loop = ActionLoop.builder().build()) {
        HttpRequest request = HttpRequest.newBuilder(server.uri("/")).build();

        HttpResponse<String> sent = client.send(request, BodyHandlers.ofString());
        System.out.println("send " + sent.body().lines().findFirst().orElseThrow());
        HttpResponse<String> async = client.sendAsync(request, BodyHandlers.ofString()).get();
        System.out.println("sendAsync " + async.body().lines().findFirst().orElseThrow());
        try (Stream<String> read = client.send(request, BodyHandlers.ofLines()).body()) {
          System.out.println("lines " + read.collect(Collectors.joining(",")));
        }
        System.out.println("events " + events(client, request));
        System.out.println("in an action " + loop.submit(scope -> events(client, request)).get());
        System.out.println("fallbacks " + client.fallbacks() + " of " + client.requests());
        try (NativeHttpClient other = NativeHttpClient.newBuilder().trustPlatform().build()) {
          other.send(request, BodyHandlers.ofString());
        } catch (IOException refused) {
          System.out.println("platform " + refused);
        }
        RequestPolicy policy = RequestPolicy.newBuilder().deadline(Duration.ofMinutes(1)).build();
        try (NativeHttpClient other =
            NativeHttpClient.newBuilder().trustPlatform().policy(policy).build()) {
          other.sendAsync(request, BodyHandlers.ofString()).get();
        } catch (ExecutionException refused) {
          System.out.println("policed " + refused.getCause());
        }
      }
    }

    private static String events(NativeHttpClient client, HttpRequest request) throws Exception {
      try (Stream<SseEvent> events = client.send(request, SseEvents.handler()).body()) {
        return events.map(SseEvent::data).collect(Collectors.joining(","));
      }
    }
  }
}
