// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * The model server as a process of its own, which leaves the cores to the demo where it can: its
 * work is native code, and compiling its own at length does not pay. It ends when {@link #close()}
 * closes its standard input or this process ends, in whatever way.
 */
final class ModelServerProcess implements AutoCloseable {
  private static final String MAIN = "dev.fermata.examples.modelserver.ModelServer";
  private static final String READY = "listening ";

  private final Process process;
  private final int port;

  private ModelServerProcess(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /**
   * Starts the server and waits until it answers.
   *
   * @param java the launcher to start it with, of Java 17 or later
   * @param delay mean time an answer takes
   * @param log file for what the server has to say
   * @throws IOException if it does not come up; the message ends with what it said last
   */
  static ModelServerProcess start(Path java, Duration delay, Path log) throws IOException {
    Process process =
        new ProcessBuilder(
                java.toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "-Dai.djl.offline=true",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                MAIN,
                String.valueOf(delay.toMillis()))
            .redirectError(log.toFile())
            .start();
    BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.startsWith(READY)) {
        return new ModelServerProcess(process, Integer.parseInt(line.substring(READY.length())));
      }
    }
    throw new IOException("the model server did not start: " + Files.readString(log).strip());
  }

  int port() {
    return port;
  }

  long pid() {
    return process.pid();
  }

  @Override
  public void close() throws IOException {
    process.getOutputStream().close();
  }
}
