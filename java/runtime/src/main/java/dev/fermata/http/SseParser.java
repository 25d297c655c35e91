// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import java.io.IOException;

/**
 * Finds the events in the lines of a stream: the format {@code text/event-stream} of the WHATWG.
 * Not thread-safe.
 */
final class SseParser {
  private static final char BYTE_ORDER_MARK = '\ufeff';

  private final long maxLength;
  private final StringBuilder data = new StringBuilder();
  private String type = "";
  private String id = "";
  private boolean hasData;
  private boolean begun;

  /**
   * @param maxLength most characters of an event's data
   */
  SseParser(long maxLength) {
    this.maxLength = maxLength;
  }

  /**
   * Takes the next line of the stream.
   *
   * @param given the line without its end
   * @return the event that ends with it, or {@code null}
   * @throws IOException if the event is too long
   */
  SseEvent accept(String given) throws IOException {
    String line = given;
    if (!begun) {
      begun = true;
      if (!line.isEmpty() && line.charAt(0) == BYTE_ORDER_MARK) {
        line = line.substring(1);
      }
    }
    if (line.isEmpty()) {
      return dispatch();
    }
    int colon = line.indexOf(':');
    if (colon < 0) {
      field(line, "");
    } else if (colon > 0) {
      int value = line.startsWith(" ", colon + 1) ? colon + 2 : colon + 1;
      field(line.substring(0, colon), line.substring(value));
    }
    return null;
  }

  private void field(String name, String value) throws IOException {
    switch (name) {
      case "data":
        if (hasData) {
          data.append('\n');
        }
        data.append(value);
        hasData = true;
        if (data.length() > maxLength) {
          throw new IOException(
              "A server-sent event is longer than "
                  + maxLength
                  + " characters; see SseEvents.handler(long)");
        }
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

  private SseEvent dispatch() {
    SseEvent event =
        hasData ? new SseEvent(type.isEmpty() ? "message" : type, data.toString(), id) : null;
    data.setLength(0);
    hasData = false;
    type = "";
    return event;
  }
}
