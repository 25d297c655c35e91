// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscribers;
import java.util.stream.Stream;

/**
 * Body handlers for server-sent events ({@code text/event-stream}), for any {@code HttpClient}.
 *
 * <pre>{@code
 * try (Stream<SseEvent> events = client.send(request, SseEvents.handler()).body()) {
 *   for (Iterator<SseEvent> it = events.iterator(); it.hasNext(); ) {
 *     answer.append(it.next().data());
 *   }
 * }
 * }</pre>
 *
 * <p>The response completes with its head. The stream is for one reader, which waits for events: an
 * action of Fermata is suspended meanwhile, any other code blocks its thread. The response is asked
 * for no more than a chunk beyond what was read, so that a slow reader slows the server. Closing
 * the stream ends the exchange.
 *
 * <p>While it waits, the stream throws {@link java.io.UncheckedIOException} if the response fails
 * or the thread is interrupted. The {@code retry} field is ignored, and nothing reconnects; an
 * event that the response ends within is dropped, as the specification has it.
 */
public final class SseEvents {
  private static final long MAX_LENGTH = 16 * 1024 * 1024;

  private SseEvents() {}

  /**
   * Returns a handler for events of up to 16 Mi characters.
   *
   * @return gives the events as they come, whatever status and content type the response has
   */
  public static BodyHandler<Stream<SseEvent>> handler() {
    return handler(MAX_LENGTH);
  }

  /**
   * Returns a handler for events of limited length; a longer one fails the stream.
   *
   * @param maxLength most characters of a line, and of an event's data; positive
   * @return gives the events as they come, whatever status and content type the response has
   * @throws IllegalArgumentException if the length is not positive
   */
  public static BodyHandler<Stream<SseEvent>> handler(long maxLength) {
    if (maxLength < 1) {
      throw new IllegalArgumentException("maxLength must be positive, but is " + maxLength);
    }
    return info -> {
      ResponseStream body = new ResponseStream();
      SseReader reader = new SseReader(body, maxLength);
      return BodySubscribers.mapping(body, same -> Elements.of(body, reader));
    };
  }
}
