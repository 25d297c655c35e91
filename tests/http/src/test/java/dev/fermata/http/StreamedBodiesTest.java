// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ActionAbortedError;
import dev.fermata.ActionLoop;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.Strategy;
import dev.fermata.http.conformance.ScriptedServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Actions that read a body in a plain loop while it comes, under each strategy that suspends. That
 * they are suspended shows that the JDK's handlers are recognised on this JDK.
 */
@ParameterizedClass(name = "{0}")
@MethodSource("strategies")
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StreamedBodiesTest {
  private static final String BEGIN =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n";

  private static NativeHttpClient client;
  private static NativeHttpClient fallingBack;

  @Parameter Strategy strategy;
  private ActionLoop loop;

  /** Those that have to work on this JDK, and on what kind of owner does not matter here. */
  static List<Strategy> strategies() {
    int java = Runtime.version().feature();
    List<Strategy> working = new ArrayList<>(List.of(Strategy.HANDOFF));
    if (java >= 21) {
      working.add(Strategy.CONTINUATION);
    }
    if (java >= 24) {
      working.add(Strategy.VIRTUAL);
    }
    return working;
  }

  @BeforeAll
  static void buildClients() throws Exception {
    client = NativeHttpClient.newBuilder().build();
    fallingBack = NativeHttpClient.newBuilder().sslContext(SSLContext.getDefault()).build();
  }

  @AfterAll
  static void closeClients() {
    client.close();
    fallingBack.close();
  }

  @BeforeEach
  void buildLoop() {
    System.setProperty("fermata.strategy", strategy.name().toLowerCase(Locale.ROOT));
    try {
      loop = ActionLoop.builder().build();
    } finally {
      System.clearProperty("fermata.strategy");
    }
  }

  @AfterEach
  void closeLoop() {
    loop.close();
  }

  /** A way to read a body piece by piece; a piece that has come needs no wait. */
  enum Way {
    LINES {
      @Override
      Iterator<String> read(HttpClient by, HttpRequest request) throws Exception {
        return by.send(request, BodyHandlers.ofLines()).body().iterator();
      }
    },

    BYTES {
      @Override
      Iterator<String> read(HttpClient by, HttpRequest request) throws Exception {
        InputStream in = by.send(request, BodyHandlers.ofInputStream()).body();
        byte[] piece = new byte[64];
        Supplier<String> pieces =
            () -> {
              try {
                int count = in.read(piece);
                return count < 0 ? null : new String(piece, 0, count, StandardCharsets.UTF_8);
              } catch (IOException failed) {
                throw new UncheckedIOException(failed);
              }
            };
        return Stream.generate(pieces).takeWhile(text -> text != null).iterator();
      }
    },

    EVENTS {
      @Override
      Iterator<String> read(HttpClient by, HttpRequest request) throws Exception {
        return by.send(request, SseEvents.handler()).body().map(SseEvent::data).iterator();
      }
    };

    abstract Iterator<String> read(HttpClient by, HttpRequest request) throws Exception;
  }

  private static HttpRequest request(ScriptedServer server) {
    return HttpRequest.newBuilder(server.uri("/")).build();
  }

  /** The rest of the body comes when another action of the same owner has run. */
  private String readWhileAnotherActionRuns(HttpClient by, Way way) throws Exception {
    CountDownLatch otherRan = new CountDownLatch(1);
    try (ScriptedServer server =
        new ScriptedServer(
            connection -> {
              connection.next();
              connection.write(BEGIN);
              otherRan.await();
              connection.write("data: second\n\n");
            })) {
      return loop.submit(
              scope -> {
                Iterator<String> pieces = way.read(by, request(server));
                StringBuilder text = new StringBuilder(pieces.next());
                loop.submit(
                    other -> {
                      otherRan.countDown();
                      return null;
                    });
                pieces.forEachRemaining(text::append);
                return text.toString();
              })
          .get();
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void anActionThatWaitsForMoreLetsOthersRun(Way way) throws Exception {
    long before = client.fallbacks();

    assertThat(readWhileAnotherActionRuns(client, way)).contains("first").contains("second");

    assertThat(client.fallbacks()).isEqualTo(before);
  }

  @Test
  void soItDoesWhereAClientOfTheJdkCarriesTheRequest() throws Exception {
    long before = fallingBack.fallbacks();

    assertThat(readWhileAnotherActionRuns(fallingBack, Way.LINES)).contains("first", "second");
    assertThat(readWhileAnotherActionRuns(fallingBack, Way.BYTES)).contains("first", "second");

    assertThat(fallingBack.fallbacks()).isEqualTo(before + 2);
  }

  /** An action that reads a body of which the rest never comes, and how it ended. */
  private final class Stuck implements AutoCloseable {
    final CountDownLatch reads = new CountDownLatch(1);
    final CountDownLatch closed = new CountDownLatch(1);
    final CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    final CompletableFuture<?> action;
    private final ScriptedServer server =
        new ScriptedServer(
            connection -> {
              connection.next();
              connection.write(BEGIN);
              connection.awaitClose();
              closed.countDown();
            });

    Stuck(Way way) {
      action =
          loop.submit(
              scope -> {
                Iterator<String> pieces = way.read(client, request(server));
                pieces.next();
                reads.countDown();
                try {
                  pieces.forEachRemaining(piece -> {});
                } catch (Throwable ended) {
                  thrown.complete(ended);
                  throw ended;
                }
                return null;
              });
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void cancellingTheActionEndsItsReadAndTheExchange(Way way) throws Exception {
    try (Stuck stuck = new Stuck(way)) {
      stuck.reads.await();

      stuck.action.cancel(true);

      assertThat(stuck.thrown.get())
          .isInstanceOfSatisfying(
              FermataException.class,
              ended -> assertThat(ended.kind()).isEqualTo(ErrorKind.CANCELLED));
      stuck.closed.await();
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void closingTheLoopAbortsTheReadAndEndsTheExchange(Way way) throws Exception {
    try (Stuck stuck = new Stuck(way)) {
      stuck.reads.await();

      loop.close();

      assertThat(stuck.thrown.get()).isInstanceOf(ActionAbortedError.class);
      stuck.closed.await();
    }
  }

  /** It holds a monitor while it reads, on most JDKs. */
  @Test
  void aReaderOfTheUsersOwnWaitsInPlace() throws Exception {
    try (ScriptedServer server =
        new ScriptedServer(
            connection -> {
              connection.next();
              connection.write(BEGIN);
              connection.write("data: second\n\n");
            })) {
      String text =
          loop.submit(
                  scope -> {
                    try (BufferedReader reader =
                        new BufferedReader(
                            new InputStreamReader(
                                client.send(request(server), BodyHandlers.ofInputStream()).body(),
                                StandardCharsets.UTF_8))) {
                      return reader.lines().collect(Collectors.joining("|"));
                    }
                  })
              .get();

      assertThat(text).isEqualTo("data: first||data: second|");
    }
  }
}
