// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import static dev.fermata.http.conformance.ScriptedServer.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every way to publish a request body, and what goes over the wire for it. */
class RequestBodyTest extends Conformance {
  private static final String TEXT = "käse ".repeat(10_000);

  @TempDir Path folder;

  /** What the server saw: method, how long the body was said to be, and the body. */
  private String seen(HttpRequest.Builder request) throws Exception {
    ScriptedServer server =
        answering(
            received ->
                ok(
                    received.method
                        + " "
                        + (received.isChunked() ? "chunked" : received.header("content-length"))
                        + " "
                        + received.text().hashCode()));
    return text(client(), request.uri(server.uri("/")).build()).body();
  }

  private static HttpRequest.Builder post(BodyPublisher publisher) {
    return HttpRequest.newBuilder().POST(publisher);
  }

  private static String expected(String method, Object length, String body) {
    return method + " " + length + " " + body.hashCode();
  }

  private static int length(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  @Test
  void aStringIsSentWithItsLength() throws Exception {
    assertThat(seen(post(BodyPublishers.ofString("small"))))
        .isEqualTo(expected("POST", 5, "small"));
    assertThat(seen(post(BodyPublishers.ofString(TEXT))))
        .isEqualTo(expected("POST", length(TEXT), TEXT));
  }

  @Test
  void bytesAreSentWithTheirLength() throws Exception {
    byte[] bytes = ("xx" + TEXT + "yy").getBytes(StandardCharsets.UTF_8);

    assertThat(seen(post(BodyPublishers.ofByteArray(bytes, 2, bytes.length - 4))))
        .isEqualTo(expected("POST", length(TEXT), TEXT));
  }

  /** The publisher of older JDKs knows the length. */
  @Test
  void arraysOfBytesAreSentInChunks() throws Exception {
    byte[] bytes = TEXT.getBytes(StandardCharsets.UTF_8);

    BodyPublisher publisher = BodyPublishers.ofByteArrays(List.of(bytes, bytes));
    Object length = publisher.contentLength() < 0 ? "chunked" : publisher.contentLength();

    assertThat(seen(post(publisher))).isEqualTo(expected("POST", length, TEXT + TEXT));
  }

  @Test
  void aFileIsSentWithItsLength() throws Exception {
    Path file = Files.writeString(folder.resolve("body"), TEXT);

    assertThat(seen(post(BodyPublishers.ofFile(file))))
        .isEqualTo(expected("POST", length(TEXT), TEXT));
    assertThatThrownBy(() -> BodyPublishers.ofFile(folder.resolve("none")))
        .isInstanceOf(FileNotFoundException.class);
  }

  @Test
  void aStreamIsSentInChunks() throws Exception {
    assertThat(seen(post(BodyPublishers.ofInputStream(() -> bytesOf(TEXT)))))
        .isEqualTo(expected("POST", "chunked", TEXT));
    assertThat(seen(post(BodyPublishers.ofInputStream(() -> bytesOf("")))))
        .isEqualTo(expected("POST", "chunked", ""));
  }

  @Test
  void noBodyIsSentAsLengthZero() throws Exception {
    assertThat(seen(post(BodyPublishers.noBody()))).isEqualTo(expected("POST", 0, ""));
    assertThat(seen(HttpRequest.newBuilder().PUT(BodyPublishers.noBody())))
        .isEqualTo(expected("PUT", 0, ""));
  }

  /** Older JDKs sent a length of 0 where RFC 9110 wants none. */
  @Test
  void methodsWithoutPublisherSendNoLength() throws Exception {
    Integer length = isJdkBefore(19) ? 0 : null;

    assertThat(seen(HttpRequest.newBuilder().GET())).isEqualTo(expected("GET", length, ""));
    assertThat(seen(HttpRequest.newBuilder().DELETE())).isEqualTo(expected("DELETE", length, ""));
  }

  @Test
  void anyMethodMayHaveABody() throws Exception {
    assertThat(seen(HttpRequest.newBuilder().method("GET", BodyPublishers.ofString("why not"))))
        .isEqualTo(expected("GET", 7, "why not"));
    assertThat(seen(HttpRequest.newBuilder().method("REPORT", BodyPublishers.ofString("x"))))
        .isEqualTo(expected("REPORT", 1, "x"));
  }

  /** An empty buffer ended the body on older JDKs. */
  @Test
  void aPublisherOfUnknownLengthIsSentInChunks() throws Exception {
    String[] pieces =
        isJdkBefore(21) ? new String[] {"one", "two"} : new String[] {"one", "", "two"};

    assertThat(seen(post(BodyPublishers.fromPublisher(new Pieces(pieces)))))
        .isEqualTo(expected("POST", "chunked", "onetwo"));
  }

  @Test
  void aPublisherOfKnownLengthIsSentWithIt() throws Exception {
    assertThat(seen(post(BodyPublishers.fromPublisher(new Pieces("one", "two"), 6))))
        .isEqualTo(expected("POST", 6, "onetwo"));
  }

  @Test
  void aPublisherOfTheJdkIsDrained() throws Exception {
    SubmissionPublisher<ByteBuffer> publisher = new SubmissionPublisher<>();
    ScriptedServer server = answering(received -> ok(received.text()));
    HttpRequest request = to(server.uri("/")).POST(BodyPublishers.fromPublisher(publisher)).build();
    var response = client().sendAsync(request, BodyHandlers.ofString());
    while (publisher.getNumberOfSubscribers() == 0) {
      Thread.onSpinWait();
    }
    for (int i = 0; i < 1_000; i++) {
      publisher.submit(ByteBuffer.wrap(new byte[] {'a', 'b', 'c'}));
    }
    publisher.close();

    assertThat(response.get().body()).isEqualTo("abc".repeat(1_000));
  }

  @Test
  void aBodyShorterThanItsLengthFails() {
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              connection.awaitClose();
            });

    assertFails(
        client(),
        to(server.uri("/")).POST(BodyPublishers.fromPublisher(new Pieces("one"), 6)).build(),
        IOException.class);
  }

  @Test
  void aBodyLongerThanItsLengthFails() {
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              connection.awaitClose();
            });

    assertFails(
        client(),
        to(server.uri("/")).POST(BodyPublishers.fromPublisher(new Pieces("one", "two"), 5)).build(),
        IOException.class);
  }

  @Test
  void theFailureOfAPublisherIsThatOfTheRequest() {
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              connection.awaitClose();
            });
    IllegalStateException broken = new IllegalStateException("broken source");
    BodyPublisher failing =
        BodyPublishers.fromPublisher(
            subscriber ->
                subscriber.onSubscribe(
                    new Flow.Subscription() {
                      @Override
                      public void request(long n) {
                        subscriber.onError(broken);
                      }

                      @Override
                      public void cancel() {}
                    }));
    HttpRequest request = to(server.uri("/")).POST(failing).build();

    // The documentation names no type; both clients hand on the exception, wrapped or not.
    assertThatThrownBy(() -> text(client(), request)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> await(client(), request, BodyHandlers.ofString()))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseMessage("broken source");
  }

  @Test
  void aHundredMegabytesGoUpInBoundedMemory() throws Exception {
    long size = 100_000_000;
    AtomicLong read = new AtomicLong();
    ScriptedServer server =
        scripted(
            connection -> {
              Received received = connection.next();
              assertThat(received.header("content-length")).isEqualTo("" + size);
              read.set(connection.skip(size));
              connection.write(ok("done"));
            });
    InputStream zeros = new Zeros(size);
    BodyPublisher stream = BodyPublishers.ofInputStream(() -> zeros);
    HttpRequest request =
        to(server.uri("/")).POST(BodyPublishers.fromPublisher(stream, size)).build();

    assertThat(text(client(), request).body()).isEqualTo("done");
    assertThat(read).hasValue(size);
  }

  @Test
  void thePublisherIsAskedForNoMoreThanTheServerTakes() throws Exception {
    AtomicLong published = new AtomicLong();
    AtomicLong taken = new AtomicLong();
    AtomicLong ahead = new AtomicLong();
    long size = 64_000_000;
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              while (taken.get() < size) {
                taken.addAndGet(connection.skip(1_000_000));
                ahead.accumulateAndGet(published.get() - taken.get(), Math::max);
              }
              connection.write(ok("done"));
            });
    InputStream counted =
        new Zeros(size) {
          @Override
          public int read(byte[] into, int offset, int length) {
            int count = super.read(into, offset, length);
            published.addAndGet(count);
            return count;
          }
        };
    BodyPublisher stream = BodyPublishers.ofInputStream(() -> counted);

    assertThat(
            text(
                    client(),
                    to(server.uri("/")).POST(BodyPublishers.fromPublisher(stream, size)).build())
                .body())
        .isEqualTo("done");
    // What fits into the buffers of two sockets, and no more.
    assertThat(ahead.get()).isLessThan(32_000_000);
  }

  private static InputStream bytesOf(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Publishes the pieces as they are asked for. */
  private static final class Pieces implements Flow.Publisher<ByteBuffer> {
    private final String[] pieces;

    Pieces(String... pieces) {
      this.pieces = pieces;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
      subscriber.onSubscribe(
          new Flow.Subscription() {
            private int next;
            private long asked;
            private boolean publishing;
            private boolean over;

            @Override
            public void request(long n) {
              asked += n;
              if (publishing) {
                return;
              }
              publishing = true;
              while (asked > 0 && next < pieces.length && !over) {
                asked--;
                subscriber.onNext(ByteBuffer.wrap(pieces[next++].getBytes(StandardCharsets.UTF_8)));
              }
              publishing = false;
              if (next == pieces.length && !over) {
                over = true;
                subscriber.onComplete();
              }
            }

            @Override
            public void cancel() {
              over = true;
            }
          });
    }
  }
}
