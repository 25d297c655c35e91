// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** The events in a stream of bytes, however it is cut. For one thread. */
final class SseReader implements Elements.Source<SseEvent> {
  private final LineReader lines;
  private final SseParser parser;

  /**
   * @param in where events are read from
   * @param maxLength most characters of a line, and of an event's data
   */
  SseReader(InputStream in, long maxLength) {
    lines = new LineReader(in, StandardCharsets.UTF_8, maxLength);
    parser = new SseParser(maxLength);
  }

  @Override
  public SseEvent next() throws IOException {
    for (String line = lines.next(); line != null; line = lines.next()) {
      SseEvent event = parser.accept(line);
      if (event != null) {
        return event;
      }
    }
    return null;
  }
}
