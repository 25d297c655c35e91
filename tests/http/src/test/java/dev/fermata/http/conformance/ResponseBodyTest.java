// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import static dev.fermata.http.conformance.ScriptedServer.ok;
import static dev.fermata.http.conformance.ScriptedServer.response;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every way to take a response body. */
class ResponseBodyTest extends Conformance {
  private static final String LINES = "first\nsecond\r\nthird";
  private static final long HUNDRED_MEGABYTES = 100_000_000;

  @TempDir Path folder;

  private <T> HttpResponse<T> body(String text, BodyHandler<T> handler) throws Exception {
    ScriptedServer server = answering(received -> ok(text));
    return client().send(get(server.uri("/")), handler);
  }

  @Test
  void asAString() throws Exception {
    assertThat(body("hello", BodyHandlers.ofString()).body()).isEqualTo("hello");
    assertThat(body("", BodyHandlers.ofString()).body()).isEmpty();
  }

  @Test
  void asAStringInTheCharsetOfItsContentType() throws Exception {
    ScriptedServer server =
        answering(
            r -> response(200, "Content-Type: text/plain; charset=ISO-8859-1\r\n", "k\u00e4se"));

    assertThat(text(client(), get(server.uri("/"))).body()).isEqualTo("k\u00e4se");
  }

  @Test
  void asBytes() throws Exception {
    assertThat(body("hello", BodyHandlers.ofByteArray()).body())
        .isEqualTo("hello".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void asPiecesForAConsumerThatSeesTheEnd() throws Exception {
    ByteArrayOutputStream collected = new ByteArrayOutputStream();
    List<Boolean> ends = new ArrayList<>();

    HttpResponse<Void> response =
        body(
            "hello",
            BodyHandlers.ofByteArrayConsumer(
                piece -> {
                  piece.ifPresent(collected::writeBytes);
                  ends.add(piece.isEmpty());
                }));

    assertThat(response.body()).isNull();
    assertThat(collected.toString(StandardCharsets.UTF_8)).isEqualTo("hello");
    assertThat(ends).endsWith(true);
    assertThat(ends.subList(0, ends.size() - 1)).containsOnly(false);
  }

  @Test
  void notAtAll() throws Exception {
    assertThat(body("hello", BodyHandlers.discarding()).body()).isNull();
    assertThat(body("hello", BodyHandlers.replacing(42)).body()).isEqualTo(42);
  }

  @Test
  void asAFile() throws Exception {
    Path file = folder.resolve("body");

    assertThat(body("hello", BodyHandlers.ofFile(file)).body()).isEqualTo(file).hasContent("hello");
    assertThatThrownBy(
            () ->
                body(
                    "hello",
                    BodyHandlers.ofFile(
                        file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)))
        .isInstanceOf(IOException.class);
  }

  @Test
  void asAFileOfTheNameThatTheServerGives() throws Exception {
    ScriptedServer server =
        answering(
            r -> response(200, "Content-Disposition: attachment; filename=\"a.txt\"\r\n", "hello"));

    Path body =
        client()
            .send(
                get(server.uri("/")),
                BodyHandlers.ofFileDownload(
                    folder, StandardOpenOption.CREATE, StandardOpenOption.WRITE))
            .body();

    assertThat(body).isEqualTo(folder.resolve("a.txt")).hasContent("hello");
    ScriptedServer unnamed = answering(r -> ok("hello"));
    assertFailsInHandler(
        client(),
        get(unnamed.uri("/")),
        BodyHandlers.ofFileDownload(folder, StandardOpenOption.CREATE, StandardOpenOption.WRITE),
        UncheckedIOException.class);
  }

  @Test
  void asAStream() throws Exception {
    try (InputStream in = body("hello", BodyHandlers.ofInputStream()).body()) {
      assertThat(in.readAllBytes()).isEqualTo("hello".getBytes(StandardCharsets.UTF_8));
    }
  }

  @Test
  void asLines() throws Exception {
    assertThat(body(LINES, BodyHandlers.ofLines()).body().collect(Collectors.toList()))
        .containsExactly("first", "second", "third");
  }

  @Test
  void asAPublisher() throws Exception {
    Flow.Publisher<List<ByteBuffer>> publisher = body("hello", BodyHandlers.ofPublisher()).body();
    HttpResponse.BodySubscriber<String> subscriber =
        BodySubscribers.ofString(StandardCharsets.UTF_8);

    publisher.subscribe(subscriber);

    assertThat(subscriber.getBody().toCompletableFuture().get()).isEqualTo("hello");
  }

  @Test
  void inBuffersOfOneSize() throws Exception {
    List<Integer> sizes = new ArrayList<>();
    BodyHandler<Void> consumer =
        BodyHandlers.ofByteArrayConsumer(
            piece -> piece.ifPresent(bytes -> sizes.add(bytes.length)));

    body("x".repeat(10_500), BodyHandlers.buffering(consumer, 1_000));

    // One size over all the pieces of an item, of which the consumer is told one by one.
    assertThat(sizes).allMatch(size -> size <= 1_000);
    assertThat(sizes.stream().mapToInt(Integer::intValue).sum()).isEqualTo(10_500);
  }

  @Test
  void forASubscriberThatMapsToAnything() throws Exception {
    BodyHandler<Integer> length =
        info ->
            BodySubscribers.mapping(
                BodySubscribers.ofByteArray(), bytes -> bytes.length + info.statusCode());

    assertThat(body("hello", length).body()).isEqualTo(205);
  }

  @Test
  void forALineSubscriber() throws Exception {
    CompletableFuture<List<String>> lines = new CompletableFuture<>();
    List<String> collected = new ArrayList<>();
    Flow.Subscriber<String> subscriber =
        new Flow.Subscriber<>() {
          @Override
          public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
          }

          @Override
          public void onNext(String line) {
            collected.add(line);
          }

          @Override
          public void onError(Throwable failure) {
            lines.completeExceptionally(failure);
          }

          @Override
          public void onComplete() {
            lines.complete(collected);
          }
        };

    assertThat(body(LINES, BodyHandlers.fromLineSubscriber(subscriber)).body()).isNull();
    assertThat(lines.get()).containsExactly("first", "second", "third");
  }

  /** Java 11 does not know extensions of chunks. */
  @Test
  void inChunks() throws Exception {
    String extension = isJdkBefore(12) ? "" : ";an=extension";
    ScriptedServer server =
        answering(
            r ->
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "5\r\nhello\r\n6"
                    + extension
                    + "\r\n world\r\n0\r\nA-Trailer: x\r\n\r\n");
    HttpClient client = client();

    HttpResponse<String> first = text(client, get(server.uri("/")));

    assertThat(first.body()).isEqualTo("hello world");
    assertThat(first.headers().firstValue("A-Trailer")).isEmpty();
    assertThat(text(client, get(server.uri("/"))).body()).isEqualTo("hello world");
    assertThat(server.connections()).isEqualTo(1);
  }

  @Test
  void toTheEndOfTheConnection() throws Exception {
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              connection.write("HTTP/1.1 200 OK\r\n\r\nhello");
            });

    assertThat(text(client(), get(server.uri("/"))).body()).isEqualTo("hello");
  }

  @Test
  void aHandlerThatThrowsFailsTheRequest() {
    ScriptedServer server = answering(r -> ok("hello"));

    assertFailsInHandler(
        client(),
        get(server.uri("/")),
        info -> {
          throw new IllegalStateException("from the handler");
        },
        IllegalStateException.class);
  }

  @Test
  void aHundredMegabytesComeDownInBoundedMemory() throws Exception {
    for (boolean chunked : List.of(false, true)) {
      ScriptedServer server = scripted(c -> sendHundredMegabytes(c, chunked));
      AtomicLong count = new AtomicLong();

      client()
          .send(
              get(server.uri("/")),
              BodyHandlers.ofByteArrayConsumer(
                  piece -> piece.ifPresent(bytes -> count.addAndGet(bytes.length))));

      assertThat(count).hasValue(HUNDRED_MEGABYTES);
    }
  }

  @Test
  void aSlowReaderSlowsTheServer() throws Exception {
    AtomicLong sent = new AtomicLong();
    AtomicLong ahead = new AtomicLong();
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              connection.write(
                  "HTTP/1.1 200 OK\r\nContent-Length: " + HUNDRED_MEGABYTES + "\r\n\r\n");
              byte[] piece = new byte[100_000];
              for (long i = 0; i < HUNDRED_MEGABYTES; i += piece.length) {
                connection.write(piece);
                sent.addAndGet(piece.length);
              }
            });

    try (InputStream in =
        client().send(get(server.uri("/")), BodyHandlers.ofInputStream()).body()) {
      byte[] buffer = new byte[1_000_000];
      long read = 0;
      for (int n = in.readNBytes(buffer, 0, buffer.length);
          n > 0;
          n = in.readNBytes(buffer, 0, buffer.length)) {
        read += n;
        ahead.accumulateAndGet(sent.get() - read, Math::max);
      }
      assertThat(read).isEqualTo(HUNDRED_MEGABYTES);
    }

    // What fits into the buffers of two sockets, and no more.
    assertThat(ahead.get()).isLessThan(32_000_000);
  }

  private static void sendHundredMegabytes(ScriptedServer.Connection connection, boolean chunked)
      throws IOException {
    connection.next();
    byte[] piece = new byte[100_000];
    Arrays.fill(piece, (byte) 'x');
    connection.write(
        "HTTP/1.1 200 OK\r\n"
            + (chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + HUNDRED_MEGABYTES)
            + "\r\n\r\n");
    for (long i = 0; i < HUNDRED_MEGABYTES; i += piece.length) {
      if (chunked) {
        connection.write(Integer.toHexString(piece.length) + "\r\n");
      }
      connection.write(piece);
      if (chunked) {
        connection.write("\r\n");
      }
    }
    if (chunked) {
      connection.write("0\r\n\r\n");
    }
  }
}
