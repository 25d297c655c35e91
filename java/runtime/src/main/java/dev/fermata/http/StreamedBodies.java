// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import java.io.InputStream;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The JDK's handlers whose bodies are read while they come, and the same that suspend the action
 * that reads. The JDK's are recognised by identity: they are lambdas that capture nothing, of which
 * HotSpot makes one instance. Where another JVM makes more, the JDK's own do their work.
 */
final class StreamedBodies {
  private static final BodyHandler<Stream<String>> JDK_LINES = BodyHandlers.ofLines();
  private static final BodyHandler<InputStream> JDK_STREAM = BodyHandlers.ofInputStream();
  private static final BodyHandler<Stream<String>> LINES = info -> lines(charset(info.headers()));
  private static final BodyHandler<InputStream> STREAM = info -> new ResponseStream();

  private static final Pattern CHARSET =
      Pattern.compile(
          "(?:^|;)\\s*charset\\s*=\\s*(?:\"([^\"]*)\"|([^\\s;,\"]+))", Pattern.CASE_INSENSITIVE);

  private StreamedBodies() {}

  /**
   * Returns the handler to use in place of another.
   *
   * @param handler one of the JDK's, or any other
   * @param <T> type of the body
   * @return the same that suspends, if it is one of those two; else the handler itself
   */
  @SuppressWarnings("unchecked")
  static <T> BodyHandler<T> suspending(BodyHandler<T> handler) {
    if (handler == JDK_LINES) {
      return (BodyHandler<T>) LINES;
    }
    if (handler == JDK_STREAM) {
      return (BodyHandler<T>) STREAM;
    }
    return handler;
  }

  private static BodySubscriber<Stream<String>> lines(Charset charset) {
    ResponseStream body = new ResponseStream();
    LineReader reader = new LineReader(body, charset, Long.MAX_VALUE);
    return BodySubscribers.mapping(body, same -> Elements.of(body, reader::next));
  }

  /** That of the content type; UTF-8 if it names none that there is. */
  private static Charset charset(HttpHeaders headers) {
    Matcher named = CHARSET.matcher(headers.firstValue("Content-Type").orElse(""));
    if (named.find()) {
      try {
        return Charset.forName(named.group(1) == null ? named.group(2) : named.group(1));
      } catch (IllegalArgumentException unknown) {
        // As the handlers of the JDK do.
      }
    }
    return StandardCharsets.UTF_8;
  }
}
