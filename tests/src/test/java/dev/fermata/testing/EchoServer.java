// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.testing;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * Answers each request by its own body and its header {@code X-Test}, as {@code X-Echo}; a thread
 * for each connection. For JDKs without the module {@code jdk.httpserver}.
 */
public final class EchoServer implements AutoCloseable {
  /** In place of a line. */
  private static final String END = "the end";

  private final ServerSocket listener;

  public EchoServer() throws IOException {
    listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    daemon(this::accept);
  }

  public int port() {
    return listener.getLocalPort();
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }

  private static void daemon(Runnable body) {
    Thread thread = new Thread(body, "echo");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        daemon(() -> serve(socket));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private static void serve(Socket socket) {
    try (socket) {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      while (answer(in, socket.getOutputStream())) {}
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  private static boolean answer(DataInputStream in, OutputStream out) throws IOException {
    String echo = "";
    int length = 0;
    boolean chunked = false;
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      String value = line.substring(line.indexOf(':') + 1).trim();
      if (line.startsWith("X-Test:")) {
        echo = value;
      } else if (line.startsWith("Content-Length:")) {
        length = Integer.parseInt(value);
      } else if (line.startsWith("Transfer-Encoding:")) {
        chunked = true;
      } else if (line.equals(END)) {
        return false;
      }
    }
    byte[] body = chunked ? chunks(in) : in.readNBytes(length);
    String head = "HTTP/1.1 200 OK\r\nX-Echo: " + echo + "\r\nContent-Length: " + body.length;
    out.write((head + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
    out.write(body);
    return true;
  }

  private static byte[] chunks(DataInputStream in) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    int length;
    do {
      length = Integer.parseInt(line(in), 16);
      body.write(in.readNBytes(length));
      line(in);
    } while (length > 0);
    return body.toByteArray();
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        return END;
      }
      line.append((char) next);
    }
    return line.toString().trim();
  }
}
