// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One call of {@code send}: exchanges one after the other, until a response asks for no further
 * request, and what they share. Its fields belong to the exchange that is current.
 */
final class Call<T> implements Cancellable {
  private static final String USER_AGENT = "Java-http-client/" + System.getProperty("java.version");

  private final ClientCore client;
  private final ClientOptions options;
  private final Runnable onEnd;
  private final BodyHandler<T> handler;
  private final Authentication authentication;
  private final ResponseFuture<HttpResponse<T>> future = new ResponseFuture<>(this);
  private final AtomicBoolean ended = new AtomicBoolean();
  private SentRequest request;
  private SentRequest redirected;
  private HttpResponse<T> previous;
  private int redirects;
  private boolean repeated;
  private volatile Exchange<T> exchange;
  private volatile Throwable aborted;
  private volatile boolean responded;

  /**
   * A call in flight at {@code client}.
   *
   * @param onEnd is told once that the last exchange has ended, before anybody else is
   */
  Call(ClientCore client, SentRequest request, BodyHandler<T> handler, Runnable onEnd) {
    this.client = client;
    this.options = client.options();
    this.request = request;
    this.handler = handler;
    this.onEnd = onEnd;
    this.authentication = new Authentication(options.authenticator, client.credentials());
  }

  /**
   * Begins, on the calling thread where no code of the user runs before the request is sent.
   *
   * @return completes with the response, on the client's executor
   */
  ResponseFuture<HttpResponse<T>> begin() {
    boolean inPlace =
        options.cookieHandler == null
            && (request.publisher() == null || RequestBody.isInMemory(request.publisher()));
    authentication.prepare(request);
    if (inPlace) {
      attempt();
    } else {
      try {
        client.executor().execute(this::attempt);
      } catch (RejectedExecutionException refused) {
        fail(new IOException("The client's executor refused a task", refused));
      }
    }
    return future;
  }

  private void attempt() {
    try {
      Exchange<T> next = new Exchange<>(this, client.transport(request.isSecure()), request);
      exchange = next;
      if (aborted != null) {
        fail(aborted);
        return;
      }
      next.begin(headers(), proxyHeaders(), RequestBody.of(request.publisher()), version());
    } catch (Throwable thrown) {
      fail(thrown);
    }
  }

  private HttpClient.Version version() {
    return request.version().orElse(options.version);
  }

  private byte[] headers() throws IOException {
    HttpHeaders own = request.headers();
    boolean toProxy = request.proxy() != null && !request.isSecure();
    StringBuilder flat = new StringBuilder(128);
    if (own.firstValue("User-Agent").isEmpty()) {
      FlatHeaders.append(flat, "User-Agent", USER_AGENT);
    }
    if (authentication.serverHeader() != null && own.firstValue("Authorization").isEmpty()) {
      FlatHeaders.append(flat, "Authorization", authentication.serverHeader());
    }
    if (toProxy) {
      appendProxyHeaders(flat, own);
    }
    own.map()
        .forEach(
            (name, values) -> {
              if (!name.equalsIgnoreCase("Cookie") && !isForProxy(name)) {
                values.forEach(value -> FlatHeaders.append(flat, name, value));
              }
            });
    String cookies = Cookies.header(options.cookieHandler, request);
    if (cookies != null) {
      FlatHeaders.append(flat, "Cookie", cookies);
    }
    return FlatHeaders.bytes(flat);
  }

  /** What a proxy is told when it is asked for a tunnel. */
  private byte[] proxyHeaders() {
    StringBuilder flat = new StringBuilder();
    if (request.proxy() != null && request.isSecure()) {
      appendProxyHeaders(flat, request.headers());
    }
    return FlatHeaders.bytes(flat);
  }

  private void appendProxyHeaders(StringBuilder flat, HttpHeaders own) {
    if (authentication.proxyHeader() != null && own.firstValue("Proxy-Authorization").isEmpty()) {
      FlatHeaders.append(flat, "Proxy-Authorization", authentication.proxyHeader());
    }
    own.map()
        .forEach(
            (name, values) -> {
              if (isForProxy(name)) {
                values.stream()
                    .filter(value -> Authentication.allowsProxyHeader(request, name, value))
                    .forEach(value -> FlatHeaders.append(flat, name, value));
              }
            });
  }

  private static boolean isForProxy(String header) {
    return header.regionMatches(true, 0, "Proxy-", 0, 6);
  }

  /** Where the user's code runs. */
  Executor executor() {
    return client.executor();
  }

  /** Whether another request follows the end of this response, which is not for the user. */
  boolean isToBeContinued(SentRequest sent, ResponseHead head) throws IOException {
    boolean byProxy = sent.isSecure() && !head.isSecure();
    if (!byProxy) {
      Cookies.store(options.cookieHandler, sent, head);
      redirected = Redirects.next(options.redirect, sent, head, redirects);
      if (redirected != null) {
        return true;
      }
    }
    if (authentication.isChallenged(sent, head)) {
      return true;
    }
    if (byProxy && head.statusCode() != Authentication.PROXY_UNAUTHORIZED) {
      throw new IOException("Tunnel failed, got: " + head.statusCode());
    }
    return false;
  }

  /** Sends the request that {@link #isToBeContinued} decided on. */
  void next(SentRequest sent, ResponseHead head) {
    previous = new NativeResponse<>(sent, head, previous, null);
    repeated = false;
    if (redirected != null) {
      redirects++;
      request = redirected;
      redirected = null;
      authentication.prepare(request);
    }
    attempt();
  }

  /**
   * Sends a request again whose connection the server closed at the moment it was used, once and if
   * that does no harm.
   */
  boolean isToBeRepeated(SentRequest sent, Throwable failure) {
    boolean harmless = sent.method().equals("GET") || sent.method().equals("HEAD");
    if (!(failure instanceof ConnectionExpired) || !harmless || repeated) {
      return false;
    }
    repeated = true;
    attempt();
    return true;
  }

  /** Asks the user who takes the body. */
  BodySubscriber<T> subscriber(ResponseHead head) throws IOException {
    if (head.statusCode() == 204
        && (head.headers().firstValueAsLong("Content-Length").orElse(0) != 0
            || head.headers().firstValue("Transfer-Encoding").isPresent())) {
      throw new IOException("unexpected content length header with 204 response");
    }
    return Objects.requireNonNull(handler.apply(head), "the body handler returned no subscriber");
  }

  /** Completes the call with the subscriber's body, as soon as there is one. */
  void respondWith(BodySubscriber<T> subscriber, SentRequest sent, ResponseHead head) {
    Exchange<T> current = exchange;
    HttpResponse<T> before = previous;
    subscriber
        .getBody()
        .whenComplete(
            (body, failure) -> {
              if (failure == null) {
                complete(current, new NativeResponse<>(sent, head, before, body));
              } else {
                // Such a subscriber need not ask for the rest, nor say that it will not.
                current.cancel();
                future.completeExceptionally(failure);
              }
            });
  }

  /**
   * Completes the future. What depends on it may read the body, and block until there is more:
   * while more comes, that must not hold up the exchange.
   */
  private void complete(Exchange<T> current, HttpResponse<T> response) {
    responded = true;
    if (current.isOver()) {
      future.complete(response);
      return;
    }
    try {
      client.executor().execute(() -> future.complete(response));
    } catch (RejectedExecutionException refused) {
      future.complete(response);
    }
  }

  @Override
  public void abort(Throwable reason) {
    aborted = reason;
    Exchange<T> current = exchange;
    if (current != null) {
      current.abort(reason);
    }
  }

  /** Fails the future, unless the response is there and it is its body that failed. */
  void fail(Throwable reason) {
    end();
    if (!responded) {
      future.completeExceptionally(reason);
    }
  }

  /** Nothing is left to do but to tell the user, whose code may wait for the client to end. */
  void end() {
    if (ended.compareAndSet(false, true)) {
      onEnd.run();
    }
  }
}
