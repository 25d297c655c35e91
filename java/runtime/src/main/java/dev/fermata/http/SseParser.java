// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Finds the events in a stream of bytes, however it is cut: the format {@code text/event-stream} of
 * the WHATWG. Not thread-safe.
 */
final class SseParser {
  private static final char BYTE_ORDER_MARK = '\ufeff';

  private final Consumer<SseEvent> events;
  private final long maxLength;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private final StringBuilder data = new StringBuilder();
  private String type = "";
  private String id = "";
  private boolean hasData;
  private boolean afterCarriageReturn;
  private boolean begun;

  /**
   * @param events is given each event
   * @param maxLength most bytes of a line, and most characters of an event's data
   */
  SseParser(Consumer<SseEvent> events, long maxLength) {
    this.events = events;
    this.maxLength = maxLength;
  }

  /**
   * Takes the next bytes of the stream.
   *
   * @throws IllegalStateException if a line or an event is too long
   */
  void accept(ByteBuffer bytes) {
    while (bytes.hasRemaining()) {
      int length = lengthOfLine(bytes);
      append(bytes, length);
      if (bytes.hasRemaining()) {
        byte end = bytes.get();
        if (end == '\r' || length > 0 || !afterCarriageReturn) {
          line(line.toString(StandardCharsets.UTF_8));
          line.reset();
        }
        afterCarriageReturn = end == '\r';
      }
    }
  }

  /** How many bytes come before the next end of a line, or of the buffer. */
  private static int lengthOfLine(ByteBuffer bytes) {
    int at = bytes.position();
    while (at < bytes.limit() && bytes.get(at) != '\r' && bytes.get(at) != '\n') {
      at++;
    }
    return at - bytes.position();
  }

  private void append(ByteBuffer bytes, int length) {
    if (length > 0) {
      byte[] part = new byte[length];
      bytes.get(part);
      line.writeBytes(part);
      check(line.size());
      afterCarriageReturn = false;
    }
  }

  private void check(long length) {
    if (length > maxLength) {
      throw new IllegalStateException(
          "A server-sent event is longer than " + maxLength + "; see SseEvents.handler(long)");
    }
  }

  private void line(String given) {
    String text = given;
    if (!begun) {
      begun = true;
      if (!text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK) {
        text = text.substring(1);
      }
    }
    if (text.isEmpty()) {
      dispatch();
      return;
    }
    int colon = text.indexOf(':');
    if (colon < 0) {
      field(text, "");
    } else if (colon > 0) {
      int value = text.startsWith(" ", colon + 1) ? colon + 2 : colon + 1;
      field(text.substring(0, colon), text.substring(value));
    }
  }

  private void field(String name, String value) {
    switch (name) {
      case "data":
        if (hasData) {
          data.append('\n');
        }
        data.append(value);
        hasData = true;
        check(data.length());
        break;
      case "event":
        type = value;
        break;
      case "id":
        if (value.indexOf('\0') < 0) {
          id = value;
        }
        break;
      default:
        // Unknown fields are to be ignored; "retry" is for clients that reconnect by themselves.
        break;
    }
  }

  private void dispatch() {
    if (hasData) {
      events.accept(new SseEvent(type.isEmpty() ? "message" : type, data.toString(), id));
    }
    data.setLength(0);
    hasData = false;
    type = "";
  }
}
