// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.journal.JournalOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A server that speaks S3's protocol, in a process of its own, with the bucket {@code journals}.
 * The first time it is fetched from a package registry.
 */
public final class ObjectStorageServer implements AutoCloseable {
  /** Long enough to fetch it. */
  private static final Duration PATIENCE = Duration.ofSeconds(300);

  private static final String REGION = "us-east-1";
  private static final String KEY = "key";
  private static final String SECRET = "not-to-be-told";

  private final Process process;
  private final String url;

  private ObjectStorageServer(ProcessBuilder starter) throws IOException {
    this(starter.redirectError(ProcessBuilder.Redirect.INHERIT).start(), PATIENCE);
  }

  /** Takes the process over: it is ended if it does not say in time where it listens. */
  ObjectStorageServer(Process process, Duration patience) {
    this.process = process;
    try {
      url =
          CompletableFuture.supplyAsync(() -> firstLine(process))
              .orTimeout(patience.toNanos(), TimeUnit.NANOSECONDS)
              .join();
      assertThat(url).as("what the server says of itself").startsWith("http://");
    } catch (RuntimeException | Error failure) {
      kill();
      throw failure;
    }
  }

  private static String firstLine(Process process) {
    return new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
        .lines()
        .findFirst()
        .orElse("nothing");
  }

  /** Starts one that takes any credentials. */
  public static ObjectStorageServer start() throws IOException {
    return new ObjectStorageServer(starter());
  }

  /** Starts one that takes none. */
  public static ObjectStorageServer startThatKnowsNobody() throws IOException {
    ProcessBuilder starter = starter();
    starter.environment().put("INITIAL_NO_AUTH_ACTION_COUNT", "0");
    return new ObjectStorageServer(starter);
  }

  private static ProcessBuilder starter() {
    Path script = Path.of("..", "scripts", "object-storage-server").toAbsolutePath();
    return new ProcessBuilder(script.toString(), "journals");
  }

  /** The URL of a journal in the bucket. */
  public static String journal(String name) {
    return "s3://journals/" + name;
  }

  /** Begins the options of a journal in the bucket. */
  public JournalOptions.Builder options(String name) {
    return JournalOptions.inObjectStorage(journal(name))
        .server(url, REGION)
        .credentials(KEY, SECRET, null);
  }

  /** A command before a command, which then finds the server by its environment. */
  public String[] environment() {
    return new String[] {
      "env",
      "AWS_ENDPOINT_URL=" + url,
      "AWS_REGION=" + REGION,
      "AWS_ACCESS_KEY_ID=" + KEY,
      "AWS_SECRET_ACCESS_KEY=" + SECRET
    };
  }

  public String url() {
    return url;
  }

  /** The secret that belongs to the key. */
  public static String secret() {
    return SECRET;
  }

  /** Ends it at once, with all that was in it. */
  public void kill() {
    process.destroyForcibly();
  }

  @Override
  public void close() {
    kill();
  }
}
