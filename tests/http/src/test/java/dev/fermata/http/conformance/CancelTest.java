// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Requests whose caller wants no answer any more. */
class CancelTest extends Conformance {
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);

  private ScriptedServer silent() {
    return scripted(
        connection -> {
          connection.next();
          asked.countDown();
          connection.awaitClose();
          closed.countDown();
        });
  }

  /** Since Java 16; before, the JDK's client goes on with the exchange. */
  private boolean closesTheConnection() {
    return !isJdkBefore(16);
  }

  @Test
  void aCancelledFutureEndsTheExchange() throws Exception {
    CompletableFuture<HttpResponse<String>> response =
        client().sendAsync(get(silent().uri("/")), BodyHandlers.ofString());
    asked.await();

    response.cancel(true);

    assertCancelled(response);
    if (closesTheConnection()) {
      closed.await();
    }
  }

  @Test
  void aCancelledDependentEndsTheExchange() throws Exception {
    CompletableFuture<String> body =
        client()
            .sendAsync(get(silent().uri("/")), BodyHandlers.ofString())
            .thenApply(HttpResponse::body);
    asked.await();

    body.cancel(true);

    assertCancelled(body);
    if (closesTheConnection()) {
      closed.await();
    }
  }

  /** Cancelled itself, or failed because the request was: that is left open. */
  private static void assertCancelled(CompletableFuture<?> future) {
    assertThatThrownBy(future::join)
        .satisfies(
            thrown ->
                assertThat(thrown instanceof CancellationException ? thrown : thrown.getCause())
                    .isInstanceOf(CancellationException.class));
  }

  @Test
  void anInterruptEndsSend() throws Exception {
    HttpClient client = client();
    ScriptedServer server = silent();
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread sender =
        new Thread(
            () -> {
              try {
                text(client, get(server.uri("/")));
              } catch (Throwable failure) {
                thrown.set(failure);
              }
            });
    sender.start();
    asked.await();

    sender.interrupt();
    sender.join();

    assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
    if (closesTheConnection()) {
      closed.await();
    }
  }

  @Test
  void sendLooksAtAnInterruptFirst() {
    ScriptedServer server = silent();
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> text(client(), get(server.uri("/"))))
        .isInstanceOf(InterruptedException.class);
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void aClosedStreamEndsTheExchange() throws Exception {
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\nhello");
              connection.awaitClose();
              closed.countDown();
            });

    client().send(get(server.uri("/")), BodyHandlers.ofInputStream()).body().close();

    closed.await();
  }
}
