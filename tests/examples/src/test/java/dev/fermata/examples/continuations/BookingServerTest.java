// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.continuations;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Against a server in a process of its own, which is killed in the middle of dialogues. The runtime
 * that is fetched for Java 11 has no module jdk.httpserver.
 */
@Tag("java17")
class BookingServerTest {
  @TempDir Path folder;

  private final HttpClient client = HttpClient.newHttpClient();
  private Process server;
  private int port;

  @AfterEach
  void stop() {
    server.destroyForcibly();
  }

  @Test
  void aDialogueGoesOnAfterEachRestart() throws Exception {
    restart();
    HttpResponse<String> begun = post("/", "");
    assertThat(begun.statusCode()).isEqualTo(201);
    assertThat(begun.body()).isEqualTo("What is your name?\n");
    String dialogue = begun.headers().firstValue("Location").orElseThrow();

    restart();
    assertThat(post(dialogue, "Ada").body()).isEqualTo("How many seats, Ada?\n");
    assertThat(post(dialogue, "many").body())
        .isEqualTo("\"many\" is no number from 1 to 8. How many seats, Ada?\n");

    restart();
    assertThat(post(dialogue, "3").body()).isEqualTo("Book 3 for Ada? (yes or no)\n");
    assertThat(post(dialogue, "yes").body()).startsWith("Booked as ");

    restart();
    assertThat(post(dialogue, "").body()).isEqualTo("Goodbye\n");
    assertThat(post(dialogue, "").statusCode()).isEqualTo(404);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void dialoguesDoNotMix() throws Exception {
    restart();
    String first = post("/", "").headers().firstValue("Location").orElseThrow();
    String second = post("/", "").headers().firstValue("Location").orElseThrow();

    assertThat(post(first, "Ada").body()).isEqualTo("How many seats, Ada?\n");
    assertThat(post(second, "Bob").body()).isEqualTo("How many seats, Bob?\n");
    assertThat(post(first, "2").body()).isEqualTo("Book 2 for Ada? (yes or no)\n");
    assertThat(post(first, "no").body()).isEqualTo("Nothing was booked\n");
    assertThat(post(second, "4").body()).isEqualTo("Book 4 for Bob? (yes or no)\n");
  }

  @Test
  void whatIsNoDialogueIsNotFound() throws Exception {
    restart();
    Files.writeString(folder.resolve("secret"), "not for everybody");

    assertThat(post("/secret", "").statusCode()).isEqualTo(404);
    assertThat(post("/00000000-0000-0000-0000-000000000000", "").statusCode()).isEqualTo(404);
  }

  private void restart() throws Exception {
    if (server != null) {
      server.destroyForcibly();
      assertThat(server.waitFor(1, TimeUnit.MINUTES)).isTrue();
    }
    server = new ExampleJvm().start(BookingServer.class, folder.toString(), "0");
    BufferedReader output =
        new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
    String line = output.readLine();
    assertThat(line).startsWith("listening on port ");
    port = Integer.parseInt(line.substring("listening on port ".length()));
  }

  private HttpResponse<String> post(String path, String typed) throws Exception {
    URI address = URI.create("http://localhost:" + port + path);
    return client.send(
        HttpRequest.newBuilder(address).POST(BodyPublishers.ofString(typed)).build(),
        BodyHandlers.ofString());
  }
}
