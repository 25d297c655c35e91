// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What holds of every stream of bytes, for a fuzzer ({@code scripts/fuzz}) and for the property
 * tests: the events are those that a reading of the specification to the letter finds, however the
 * stream is cut.
 */
public final class SseFuzzTarget {
  private SseFuzzTarget() {}

  /** The name and shape that Jazzer looks for. */
  public static void fuzzerTestOneInput(byte[] stream) {
    List<SseEvent> expected = toTheLetter(new String(stream, StandardCharsets.UTF_8));
    int piece = stream.length == 0 ? 1 : 1 + (stream[0] & 7);
    require(expected, parse(new ByteArrayInputStream(stream), Long.MAX_VALUE));
    require(expected, parse(new Pieces(stream, piece), Long.MAX_VALUE));
  }

  static List<SseEvent> parse(InputStream stream, long maxLength) {
    SseReader reader = new SseReader(stream, maxLength);
    List<SseEvent> events = new ArrayList<>();
    try {
      for (SseEvent event = reader.next(); event != null; event = reader.next()) {
        events.add(event);
      }
    } catch (IOException refused) {
      throw new UncheckedIOException(refused);
    }
    return events;
  }

  private static void require(List<SseEvent> expected, List<SseEvent> found) {
    if (!found.equals(expected)) {
      throw new AssertionError("expected " + expected + ", found " + found);
    }
  }

  /** Section 9.2.6 of the WHATWG's HTML, sentence by sentence, on a stream that is all there. */
  private static List<SseEvent> toTheLetter(String decoded) {
    String stream = decoded.startsWith("\ufeff") ? decoded.substring(1) : decoded;
    List<SseEvent> events = new ArrayList<>();
    String data = "";
    String type = "";
    String id = "";
    String[] lines = stream.split("\r\n|\n|\r", -1);
    // What comes behind the last end of a line is no line.
    for (int i = 0; i < lines.length - 1; i++) {
      String line = lines[i];
      if (line.isEmpty()) {
        if (!data.isEmpty()) {
          events.add(
              new SseEvent(
                  type.isEmpty() ? "message" : type, data.substring(0, data.length() - 1), id));
        }
        data = "";
        type = "";
        continue;
      }
      int colon = line.indexOf(':');
      String field = colon < 0 ? line : line.substring(0, colon);
      String value = colon < 0 ? "" : line.substring(colon + 1).replaceFirst("^ ", "");
      if (field.equals("data")) {
        data += value + "\n";
      } else if (field.equals("event")) {
        type = value;
      } else if (field.equals("id") && value.indexOf('\0') < 0) {
        id = value;
      }
    }
    return events;
  }

  /** A stream that gives a few bytes at a time. */
  private static final class Pieces extends InputStream {
    private final InputStream whole;
    private final int size;

    Pieces(byte[] bytes, int size) {
      whole = new ByteArrayInputStream(bytes);
      this.size = size;
    }

    @Override
    public int read() throws IOException {
      return whole.read();
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      return whole.read(into, offset, Math.min(length, size));
    }
  }
}
