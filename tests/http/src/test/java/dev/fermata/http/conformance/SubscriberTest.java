// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import static dev.fermata.http.conformance.ScriptedServer.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The order of calls of a subscriber, its demand, its threads, and what its failures lead to. */
class SubscriberTest extends Conformance {
  /** Notes its calls; asks for one item at a time. */
  private static class Recording implements BodySubscriber<String> {
    final List<String> calls = new CopyOnWriteArrayList<>();
    final CompletableFuture<String> body = new CompletableFuture<>();
    final CountDownLatch over = new CountDownLatch(1);
    private final AtomicBoolean inside = new AtomicBoolean();
    volatile Flow.Subscription subscription;

    @Override
    public CompletionStage<String> getBody() {
      return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      alone(
          () -> {
            calls.add("onSubscribe");
            subscription = given;
            given.request(1);
          });
    }

    @Override
    public void onNext(List<ByteBuffer> item) {
      alone(
          () -> {
            calls.add("onNext");
            assertThat(item).isNotEmpty().allMatch(ByteBuffer::isReadOnly);
            subscription.request(1);
          });
    }

    @Override
    public void onError(Throwable failure) {
      alone(() -> calls.add("onError"));
      body.completeExceptionally(failure);
      over.countDown();
    }

    @Override
    public void onComplete() {
      alone(() -> calls.add("onComplete"));
      body.complete("done");
      over.countDown();
    }

    final void alone(Runnable code) {
      if (!inside.compareAndSet(false, true)) {
        calls.add("overlapping");
      }
      code.run();
      inside.set(false);
    }

    List<String> distinctCalls() {
      return calls.stream().distinct().collect(Collectors.toList());
    }
  }

  @Test
  void subscribeThenItemsThenTheEnd() throws Exception {
    ScriptedServer server = answering(r -> ok("x".repeat(1_000_000)));
    Recording subscriber = new Recording();

    HttpResponse<String> response = client().send(get(server.uri("/")), info -> subscriber);

    assertThat(response.body()).isEqualTo("done");
    assertThat(subscriber.distinctCalls()).containsExactly("onSubscribe", "onNext", "onComplete");
    assertThat(subscriber.calls).endsWith("onComplete").containsOnlyOnce("onComplete");
  }

  @Test
  void anEmptyBodyHasNoItems() throws Exception {
    Recording subscriber = new Recording();

    client().send(get(answering(r -> ok("")).uri("/")), info -> subscriber);

    assertThat(subscriber.calls).containsExactly("onSubscribe", "onComplete");
  }

  @Test
  void aTruncatedBodyIsAnError() throws Exception {
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
            });
    Recording subscriber = new Recording();

    assertThatThrownBy(() -> client().send(get(server.uri("/")), info -> subscriber))
        .isInstanceOf(IOException.class);

    subscriber.over.await();
    assertThat(subscriber.distinctCalls()).containsExactly("onSubscribe", "onNext", "onError");
  }

  @Test
  void theResponseCompletesWithItsBodyNotWithItsEnd() throws Exception {
    CountDownLatch read = new CountDownLatch(1);
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
              read.await();
              connection.write("world");
            });
    Recording subscriber = new Recording();
    subscriber.body.complete("early");

    assertThat(client().send(get(server.uri("/")), info -> subscriber).body()).isEqualTo("early");
    read.countDown();

    subscriber.over.await();
    assertThat(subscriber.calls).endsWith("onComplete");
  }

  @Test
  void nothingComesThatWasNotAskedFor() throws Exception {
    ScriptedServer server = answering(r -> ok("x".repeat(1_000_000)));
    Recording subscriber =
        new Recording() {
          @Override
          public void onSubscribe(Flow.Subscription given) {
            alone(
                () -> {
                  calls.add("onSubscribe");
                  subscription = given;
                  body.complete("at once");
                });
          }
        };

    client().send(get(server.uri("/")), info -> subscriber);
    assertThat(subscriber.calls).containsExactly("onSubscribe");
    subscriber.subscription.request(1);

    subscriber.over.await();
    assertThat(subscriber.distinctCalls()).containsExactly("onSubscribe", "onNext", "onComplete");
  }

  @Test
  void askingForNothingIsAnError() throws Exception {
    ScriptedServer server = answering(r -> ok("x".repeat(1_000_000)));
    Recording subscriber =
        new Recording() {
          @Override
          public void onSubscribe(Flow.Subscription given) {
            calls.add("onSubscribe");
            given.request(0);
          }
        };

    assertThatThrownBy(() -> client().send(get(server.uri("/")), info -> subscriber))
        .isInstanceOf(IllegalArgumentException.class);
    subscriber.over.await();
    assertThat(subscriber.calls).containsExactly("onSubscribe", "onError");
  }

  @Test
  void aCancelledSubscriptionClosesTheConnection() throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
              connection.awaitClose();
              closed.countDown();
            });
    Recording subscriber =
        new Recording() {
          @Override
          public void onNext(List<ByteBuffer> item) {
            subscription.cancel();
            body.complete("enough");
          }
        };

    assertThat(client().send(get(server.uri("/")), info -> subscriber).body()).isEqualTo("enough");
    closed.await();
  }

  @Test
  void aSubscriberThatThrowsFailsTheRequest() {
    ScriptedServer server = answering(r -> ok("hello"));
    Recording subscriber =
        new Recording() {
          @Override
          public void onNext(List<ByteBuffer> item) {
            throw new IllegalStateException("from the subscriber");
          }
        };

    assertThatThrownBy(() -> client().send(get(server.uri("/")), info -> subscriber))
        .isInstanceOf(IOException.class)
        .hasRootCauseMessage("from the subscriber");
  }

  @Test
  void aBodyThatFailsIsTheFailureOfTheRequest() {
    ScriptedServer server = answering(r -> ok("hello"));
    Recording subscriber = new Recording();
    subscriber.body.completeExceptionally(new IllegalStateException("no body"));

    assertThatThrownBy(() -> await(client(), get(server.uri("/")), info -> subscriber))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseMessage("no body");
  }

  @Test
  void codeOfTheUserRunsOnTheExecutor() throws Exception {
    List<String> threads = new CopyOnWriteArrayList<>();
    ExecutorService executor =
        Executors.newFixedThreadPool(2, code -> new Thread(code, "of the user"));
    ScriptedServer server = answering(r -> ok("hello"));
    HttpClient client = client(options -> options.executor(executor));
    Recording subscriber =
        new Recording() {
          @Override
          public void onSubscribe(Flow.Subscription given) {
            threads.add(Thread.currentThread().getName());
            super.onSubscribe(given);
          }

          @Override
          public void onNext(List<ByteBuffer> item) {
            threads.add(Thread.currentThread().getName());
            super.onNext(item);
          }

          @Override
          public void onComplete() {
            threads.add(Thread.currentThread().getName());
            super.onComplete();
          }
        };

    client
        .sendAsync(
            get(server.uri("/")),
            info -> {
              threads.add(Thread.currentThread().getName());
              return subscriber;
            })
        .get();

    assertThat(threads).hasSize(4).containsOnly("of the user");
    executor.shutdown();
  }

  @Test
  void anExecutorThatRefusesFailsTheRequest() {
    ScriptedServer server = answering(r -> ok("hello"));
    HttpClient client =
        client(
            options ->
                options.executor(
                    code -> {
                      throw new RejectedExecutionException("full");
                    }));

    // From JDK 21 on the failure arrives in the future, before it was thrown.
    assertThatThrownBy(() -> await(client, get(server.uri("/")), BodyHandlers.ofString()))
        .hasStackTraceContaining("RejectedExecutionException");
  }

  /** Two callbacks that wait for each other: the default executor has a thread for both. */
  @Test
  void callbacksMayBlock() throws Exception {
    int parties = 20;
    CountDownLatch all = new CountDownLatch(parties);
    ScriptedServer server = answering(r -> ok("hello"));
    HttpClient client = client();
    List<CompletableFuture<HttpResponse<String>>> responses = new CopyOnWriteArrayList<>();

    for (int i = 0; i < parties; i++) {
      responses.add(
          client.sendAsync(
              get(server.uri("/")),
              info -> {
                all.countDown();
                try {
                  all.await();
                } catch (InterruptedException interrupted) {
                  throw new IllegalStateException(interrupted);
                }
                return BodyHandlers.ofString().apply(info);
              }));
    }

    for (CompletableFuture<HttpResponse<String>> response : responses) {
      assertThat(response.get().body()).isEqualTo("hello");
    }
  }

  @Test
  void aBodyMayBeReadByWhatDependsOnTheResponse() throws Exception {
    CountDownLatch reading = new CountDownLatch(1);
    ScriptedServer server =
        scripted(
            connection -> {
              connection.next();
              connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
              reading.await();
              connection.write("world");
            });

    CompletableFuture<String> lines =
        client()
            .sendAsync(get(server.uri("/")), BodyHandlers.ofLines())
            .thenApply(
                response -> {
                  reading.countDown();
                  return response.body().collect(Collectors.joining());
                });

    assertThat(lines.get()).isEqualTo("helloworld");
  }

  @Test
  void aRequestMayBeSentFromACallback() throws Exception {
    ScriptedServer server = answering(r -> ok(r.target));
    HttpClient client = client();
    AtomicReference<String> inner = new AtomicReference<>();

    HttpResponse<String> outer =
        client
            .sendAsync(
                get(server.uri("/outer")),
                info -> {
                  try {
                    inner.set(text(client, get(server.uri("/inner"))).body());
                  } catch (Exception failure) {
                    throw new IllegalStateException(failure);
                  }
                  return BodyHandlers.ofString().apply(info);
                })
            .get();

    assertThat(outer.body()).isEqualTo("/outer");
    assertThat(inner).hasValue("/inner");
  }
}
