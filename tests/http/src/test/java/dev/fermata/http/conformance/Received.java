// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A request head as it came over the wire, and the way to its body. */
public final class Received {
  public final String method;
  public final String target;
  public final List<String> headerLines = new ArrayList<>();
  private final InputStream in;
  private byte[] body;

  private Received(String requestLine, InputStream in) {
    String[] parts = requestLine.split(" ");
    this.method = parts[0];
    this.target = parts[1];
    this.in = in;
  }

  /** Reads one request head, or returns {@code null} at the end of the connection. */
  static Received read(InputStream in) throws IOException {
    String line = readLine(in);
    if (line == null) {
      return null;
    }
    Received received = new Received(line, in);
    for (line = readLine(in); line != null && !line.isEmpty(); line = readLine(in)) {
      received.headerLines.add(line);
    }
    return received;
  }

  /** The values of a header in the order they came. */
  public List<String> headers(String name) {
    List<String> values = new ArrayList<>();
    for (String line : headerLines) {
      int colon = line.indexOf(':');
      if (line.substring(0, colon).equalsIgnoreCase(name)) {
        values.add(line.substring(colon + 1).trim());
      }
    }
    return values;
  }

  /** The only value of a header, or {@code null}. */
  public String header(String name) {
    List<String> values = headers(name);
    if (values.size() > 1) {
      throw new AssertionError(name + " came more than once: " + values);
    }
    return values.isEmpty() ? null : values.get(0);
  }

  /** Reads the body to its end, or returns what was read before. */
  public byte[] body() throws IOException {
    if (body == null) {
      String length = header("content-length");
      body =
          isChunked() ? readChunks() : in.readNBytes(length == null ? 0 : Integer.parseInt(length));
    }
    return body;
  }

  public String text() throws IOException {
    return new String(body(), StandardCharsets.UTF_8);
  }

  boolean isChunked() {
    String encoding = header("transfer-encoding");
    return encoding != null && encoding.toLowerCase(Locale.ROOT).equals("chunked");
  }

  private byte[] readChunks() throws IOException {
    ByteArrayOutputStream chunks = new ByteArrayOutputStream();
    while (true) {
      String line = readLine(in);
      if (line == null) {
        throw new EOFException("the body ended within its chunks");
      }
      int size = Integer.parseInt(line, 16);
      chunks.write(in.readNBytes(size));
      readLine(in);
      if (size == 0) {
        return chunks.toByteArray();
      }
    }
  }

  private static String readLine(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        return null;
      }
      line.append((char) c);
    }
    return line.substring(0, line.length() - 1);
  }
}
