// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.recovery;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The {@link CallServer} as a child process, and connections to it, one per calling thread. */
final class CallServerProcess implements AutoCloseable {
  private static final ThreadLocal<Connection> CONNECTION = new ThreadLocal<>();

  private final Process process;
  private final int port;

  CallServerProcess() throws IOException {
    process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                CallServer.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    port =
        Integer.parseInt(
            new BufferedReader(
                    new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))
                .readLine());
  }

  int port() {
    return port;
  }

  /** Sends a line and returns the answer. */
  static int ask(int port, String line) throws IOException {
    Connection connection = CONNECTION.get();
    if (connection == null || connection.port != port) {
      connection = new Connection(port);
      CONNECTION.set(connection);
    }
    return connection.ask(line);
  }

  @Override
  public void close() {
    try {
      process.getOutputStream().close();
      process.waitFor();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (InterruptedException interrupted) {
      process.destroy();
      Thread.currentThread().interrupt();
    }
  }

  private static final class Connection {
    private final int port;
    private final BufferedReader in;
    private final PrintWriter out;

    Connection(int port) throws IOException {
      this.port = port;
      Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      out = new PrintWriter(socket.getOutputStream(), true, StandardCharsets.UTF_8);
    }

    int ask(String line) throws IOException {
      out.println(line);
      String answer = in.readLine();
      if (answer == null) {
        throw new IOException("the server is gone");
      }
      return Integer.parseInt(answer);
    }
  }
}
