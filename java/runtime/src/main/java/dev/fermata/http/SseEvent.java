// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import java.util.Objects;

/** One server-sent event, as the WHATWG's specification dispatches it. Immutable. */
public final class SseEvent {
  private final String type;
  private final String data;
  private final String id;

  SseEvent(String type, String data, String id) {
    this.type = type;
    this.data = data;
    this.id = id;
  }

  /**
   * Returns the type of the event.
   *
   * @return what its {@code event} field says, "message" if it has none
   */
  public String type() {
    return type;
  }

  /**
   * Returns the data.
   *
   * @return its {@code data} fields with line feeds between
   */
  public String data() {
    return data;
  }

  /**
   * Returns the last event id.
   *
   * @return the last {@code id} field of the stream so far, empty if there was none
   */
  public String id() {
    return id;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SseEvent
        && type.equals(((SseEvent) other).type)
        && data.equals(((SseEvent) other).data)
        && id.equals(((SseEvent) other).id);
  }

  @Override
  public int hashCode() {
    return Objects.hash(type, data, id);
  }

  @Override
  public String toString() {
    return "SseEvent[type=" + type + ", id=" + id + ", data=" + data + "]";
  }
}
