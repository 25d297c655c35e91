// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import static dev.fermata.http.conformance.ScriptedServer.ok;
import static dev.fermata.http.conformance.ScriptedServer.response;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies that are read while they come: {@code ofInputStream()} and {@code ofLines()}. */
class StreamTest extends Conformance {
  private static final String TRUNCATED = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";

  private static List<String> lines(HttpClient client, ScriptedServer server) throws Exception {
    try (Stream<String> lines = client.send(get(server.uri("/")), BodyHandlers.ofLines()).body()) {
      return lines.collect(Collectors.toList());
    }
  }

  private static InputStream stream(HttpClient client, ScriptedServer server) throws Exception {
    return client.send(get(server.uri("/")), BodyHandlers.ofInputStream()).body();
  }

  /** A server that sends the begin of a body and waits for the client to close. */
  private ScriptedServer stuck(CountDownLatch closed) {
    return scripted(
        connection -> {
          connection.next();
          connection.write(TRUNCATED);
          connection.awaitClose();
          closed.countDown();
        });
  }

  private static void readBegin(InputStream in) throws IOException {
    for (char each : "hello".toCharArray()) {
      assertThat(in.read()).isEqualTo(each);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "a", "a\n", "a\rb\nc\r\nd", "\n\na\r\n\r\nb\r\r\n", "a\n\r"})
  void linesAreThoseOfABufferedReader(String body) throws Exception {
    ScriptedServer server = answering(r -> ok(body));

    assertThat(lines(client(), server))
        .isEqualTo(new BufferedReader(new StringReader(body)).lines().collect(Collectors.toList()));
  }

  /** Between the bytes of a character, and of the end of a line. */
  @Test
  void cutsDoNotMatter() throws Exception {
    byte[] body = "k\u00e4se\r\n\ud83d\ude00\r\n\nlast".getBytes(StandardCharsets.UTF_8);
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
              for (byte each : body) {
                connection.write("1\r\n");
                connection.write(new byte[] {each});
                connection.write("\r\n");
              }
              connection.write("0\r\n\r\n");
            });

    assertThat(lines(client(), server)).containsExactly("k\u00e4se", "\ud83d\ude00", "", "last");
  }

  @Test
  void linesMayBeLong() throws Exception {
    String line = "\u00e4x".repeat(50_000);
    ScriptedServer server =
        answering(
            r ->
                response(
                    200,
                    "",
                    new String(
                        (line + "\n" + line).getBytes(StandardCharsets.UTF_8),
                        StandardCharsets.ISO_8859_1)));

    assertThat(lines(client(), server)).containsExactly(line, line);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "text/plain; charset=ISO-8859-1                | \u00e4",
        "text/plain;charset=\"iso-8859-1\"             | \u00e4",
        "text/plain; format=flowed; CHARSET=ISO-8859-1 | \u00e4",
        "text/plain; charset=UTF-8                     | \ufffd",
        "text/plain; charset=nonsense                  | \ufffd",
        "text/plain; charset=\"?\"                     | \ufffd",
        "text/plain; charset=                          | \ufffd",
        "text/plain                                    | \ufffd"
      })
  void theCharsetIsThatOfTheContentType(String type, String expected) throws Exception {
    ScriptedServer server =
        answering(r -> response(200, "Content-Type: " + type + "\r\n", "\u00e4"));

    assertThat(lines(client(), server)).containsExactly(expected);
  }

  /** The JDK's client does not see a charset that another parameter follows. */
  @Test
  void theCharsetNeedNotComeLast() throws Exception {
    ScriptedServer server =
        answering(
            r ->
                response(
                    200,
                    "Content-Type: text/plain; charset=ISO-8859-1; format=flowed\r\n",
                    "\u00e4"));

    assertThat(lines(client(), server))
        .containsExactly(contender == Contender.JDK ? "\ufffd" : "\u00e4");
  }

  @Test
  void charsetsOfMoreBytesThanOne() throws Exception {
    ScriptedServer server =
        answering(
            r ->
                response(
                    200,
                    "Content-Type: text/plain; charset=UTF-16BE\r\n",
                    "\0a\0\r\0\n \n\0b\0\n\0"));

    assertThat(lines(client(), server)).containsExactly("a", "\u200ab", "\ufffd");
  }

  @Test
  void whatIsMalformedIsReplaced() throws Exception {
    ScriptedServer server = answering(r -> ok("a\u00c3\nb\u00ff\u00e2\u0082"));

    assertThat(lines(client(), server)).containsExactly("a\ufffd", "b\ufffd\ufffd");
  }

  @Test
  void aBodyThatBreaksOffFailsItsReader() throws Exception {
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              connection.write(TRUNCATED);
            });
    HttpClient client = client();

    assertThatThrownBy(() -> stream(client, server).readAllBytes())
        .isExactlyInstanceOf(IOException.class)
        .hasCauseInstanceOf(IOException.class);
    assertThatThrownBy(() -> lines(client, server))
        .isExactlyInstanceOf(UncheckedIOException.class)
        .cause()
        .isExactlyInstanceOf(IOException.class)
        .hasCauseInstanceOf(IOException.class);
  }

  @Test
  void closingAStreamEndsTheExchange() throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    InputStream in = stream(client(), stuck(closed));
    readBegin(in);

    in.close();
    in.close();

    closed.await();
    assertThat(in.available()).isZero();
    assertThatThrownBy(in::read).isInstanceOf(IOException.class).hasMessage("closed");
    assertThatThrownBy(() -> in.read(new byte[1])).isInstanceOf(IOException.class);
  }

  @Test
  void closingLinesEndsTheExchange() throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    ScriptedServer server = stuck(closed);

    Stream<String> lines = client().send(get(server.uri("/")), BodyHandlers.ofLines()).body();
    lines.close();

    closed.await();
  }

  @Test
  void closingEndsAReadThatWaits() throws Exception {
    InputStream in = stream(client(), stuck(new CountDownLatch(1)));
    readBegin(in);
    CountDownLatch reads = new CountDownLatch(1);
    CompletableFuture<Throwable> thrown =
        CompletableFuture.supplyAsync(
            () -> {
              reads.countDown();
              return catchThrowable(in::read);
            });
    reads.await();

    in.close();

    assertThat(thrown.get()).isInstanceOf(IOException.class).hasMessage("closed");
  }

  /** Older JDKs swallow the interrupt. */
  @Test
  void anInterruptEndsTheReadAndTheExchange() throws Exception {
    if (isJdkBefore(21)) {
      return;
    }
    CountDownLatch closed = new CountDownLatch(1);
    InputStream in = stream(client(), stuck(closed));
    readBegin(in);
    Thread.currentThread().interrupt();

    Throwable thrown = catchThrowable(in::read);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(thrown)
        .isInstanceOf(IOException.class)
        .hasCauseInstanceOf(InterruptedException.class);
    closed.await();
  }

  @Test
  void anArrayTakesWhatIsThere() throws Exception {
    InputStream in = stream(client(), answering(r -> ok("hello")));
    byte[] array = new byte[10];

    assertThat(in.read()).isEqualTo('h');
    assertThat(in.read(array, 2, 1)).isEqualTo(1);
    assertThat(in.read(array, 3, 7)).isEqualTo(3);
    assertThat(array).containsExactly(0, 0, 'e', 'l', 'l', 'o', 0, 0, 0, 0);
    assertThat(in.read(array)).isEqualTo(-1);
    assertThat(in.read()).isEqualTo(-1);
    assertThat(in.available()).isZero();
  }

  /** Java 11 tells nothing and checks nothing. */
  @Test
  void whatIsThereIsAvailableAndWhatIsAskedForIsChecked() throws Exception {
    if (isJdkBefore(17)) {
      return;
    }
    InputStream in = stream(client(), answering(r -> ok("hello")));

    assertThat(in.read()).isEqualTo('h');
    assertThat(in.available()).isEqualTo(4);
    assertThatThrownBy(() -> in.read(new byte[10], 5, 6))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThat(in.readAllBytes()).hasSize(4);
    assertThat(in.read(new byte[0])).isZero();
  }

  @Test
  void aSlowReaderOfLinesSlowsTheServer() throws Exception {
    String line = "x".repeat(9_999) + "\n";
    int count = 5_000;
    AtomicLong sent = new AtomicLong();
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              connection.write("HTTP/1.1 200 OK\r\n\r\n");
              for (int i = 0; i < count; i++) {
                connection.write(line);
                sent.incrementAndGet();
              }
            });
    long ahead = 0;
    long read = 0;

    try (Stream<String> lines =
        client().send(get(server.uri("/")), BodyHandlers.ofLines()).body()) {
      for (Iterator<String> each = lines.iterator(); each.hasNext(); each.next()) {
        read++;
        ahead = Math.max(ahead, sent.get() - read);
      }
    }

    assertThat(read).isEqualTo(count);
    // What fits into the buffers of two sockets, and no more.
    assertThat(ahead).isLessThan(count / 2);
  }
}
