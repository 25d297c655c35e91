// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import dev.fermata.internal.loader.NativeLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * What a client runs on: its transport, its executor, the JDK's client for what the transport
 * cannot do, and its counters. Each is made when first needed. It does not know the object that the
 * user holds, so that the {@code Cleaner} of that one can {@linkplain #shutdown shut it down}.
 *
 * <p>Requests keep it running: it ends when it is shut down and none is in flight. Thread-safe.
 */
public final class ClientCore {
  private final ClientOptions options;
  private final Trust trust;
  private final ProxySelector proxies;
  private final Executor executor;
  private final ElasticExecutor ownExecutor;
  private final Credentials credentials = new Credentials();
  private final boolean isNative = NativeLibrary.load().isLoaded();
  private final LongAdder requests = new LongAdder();
  private final LongAdder fallbacks = new LongAdder();
  private final AtomicLong inFlight = new AtomicLong();
  private final Set<CompletableFuture<?>> delegated = ConcurrentHashMap.newKeySet();
  private final Set<PolicyCall<?>> policed = ConcurrentHashMap.newKeySet();
  private final Policies policies;
  private final Runnable onEnd = this::exit;
  private final CountDownLatch terminated = new CountDownLatch(1);
  private volatile boolean shutdown;
  private volatile boolean closing;
  private volatile Transport transport;
  private volatile boolean trusting;
  private Fallback ofDefaultTls;
  private boolean knowsDefaultTls;
  private HttpClient jdkClient;

  /**
   * @param options not changed any more
   * @throws UnsupportedOperationException if a policy limits requests and there is no native
   *     library
   */
  public ClientCore(ClientOptions options) {
    this.options = options;
    policies = Policies.of(options);
    trust = new Trust(options);
    proxies = options.proxy == null ? ProxySelector.getDefault() : options.proxy;
    ownExecutor = options.executor == null ? new ElasticExecutor(options.name) : null;
    executor = ownExecutor == null ? options.executor : ownExecutor;
  }

  /** What the client was built with. */
  public ClientOptions options() {
    return options;
  }

  /** See {@link HttpClient#sendAsync(HttpRequest, BodyHandler, PushPromiseHandler)}. */
  public <T> CompletableFuture<HttpResponse<T>> send(
      HttpRequest request, BodyHandler<T> handler, PushPromiseHandler<T> pushes) {
    requests.increment();
    inFlight.incrementAndGet();
    if (shutdown) {
      exit();
      return CompletableFuture.failedFuture(closed());
    }
    try {
      SentRequest sent = SentRequest.of(request, proxies);
      AppliedPolicy policy = policies == null ? null : policies.of(sent.uri());
      return policy == null
          ? attempt(sent, request, handler, pushes, onEnd)
          : police(new PolicyCall<>(this, policy, sent, request, handler, pushes));
    } catch (RuntimeException | Error refused) {
      exit();
      throw refused;
    }
  }

  private <T> CompletableFuture<HttpResponse<T>> police(PolicyCall<T> call) {
    policed.add(call);
    if (closing) {
      call.abort(closed());
    }
    return call.begin();
  }

  /**
   * Sends a request as it is, whatever its policy says.
   *
   * @param onEnd is told once that its exchange has ended: before the future completes, or when the
   *     body has been read that it completed with
   */
  <T> ResponseFuture<HttpResponse<T>> attempt(
      SentRequest sent,
      HttpRequest request,
      BodyHandler<T> handler,
      PushPromiseHandler<T> pushes,
      Runnable onEnd) {
    Fallback fallback = fallback(sent, pushes != null);
    return fallback == null
        ? new Call<>(this, sent, handler, onEnd).begin()
        : delegate(fallback, request, handler, pushes, onEnd);
  }

  /** Admits somebody after a delay and, if there is a policy, when its turn has come. */
  void admit(Admission admission, AppliedPolicy policy, long cost, Duration delay) {
    long millis = delay.plusNanos(999_999).toMillis();
    if (!isNative) {
      CompletableFuture<Boolean> timer = new CompletableFuture<>();
      admission.enteredBy(() -> timer.complete(false));
      timer
          .completeOnTimeout(true, millis, TimeUnit.MILLISECONDS)
          .thenAccept(
              isOver -> {
                if (isOver) {
                  admission.onAdmitted(false);
                }
              });
      return;
    }
    try {
      Transport through = transport(false);
      boolean isLimited = policy != null && policy.hasLimits();
      through.admit(admission, isLimited ? policy.limit(through) : 0, cost, millis);
    } catch (IOException refused) {
      admission.onFailure(refused);
    }
  }

  private static IOException closed() {
    return new IOException("the client is closed");
  }

  private Fallback fallback(SentRequest request, boolean takesPushes) {
    if (!isNative) {
      return Fallback.NO_LIBRARY;
    }
    if (takesPushes) {
      return Fallback.PUSH_PROMISES;
    }
    if (options.sslContext != null) {
      return Fallback.SSL_CONTEXT;
    }
    if (options.sslParameters != null) {
      return Fallback.SSL_PARAMETERS;
    }
    Fallback ofHeaders = Fallback.ofHeaders(request.headers());
    boolean mayUseTls = request.isSecure() || options.redirect != HttpClient.Redirect.NEVER;
    return ofHeaders == null && mayUseTls ? ofDefaultTls() : ofHeaders;
  }

  private synchronized Fallback ofDefaultTls() {
    if (!knowsDefaultTls) {
      ofDefaultTls = Fallback.ofDefaultTls();
      knowsDefaultTls = true;
    }
    return ofDefaultTls;
  }

  private <T> ResponseFuture<HttpResponse<T>> delegate(
      Fallback reason,
      HttpRequest request,
      BodyHandler<T> handler,
      PushPromiseHandler<T> pushes,
      Runnable onEnd) {
    HttpClient jdk;
    try {
      jdk = fallBack(reason);
    } catch (IOException unusableTrust) {
      onEnd.run();
      ResponseFuture<HttpResponse<T>> failed = new ResponseFuture<>(why -> {});
      failed.completeExceptionally(unusableTrust);
      return failed;
    }
    EndOfBody<T> seen = new EndOfBody<>(handler, onEnd);
    CompletableFuture<HttpResponse<T>> response =
        pushes == null ? jdk.sendAsync(request, seen) : jdk.sendAsync(request, seen, pushes);
    ResponseFuture<HttpResponse<T>> future = new ResponseFuture<>(why -> response.cancel(true));
    delegated.add(response);
    response.whenComplete(
        (received, failure) -> {
          delegated.remove(response);
          seen.onResponse(failure != null);
          if (failure == null) {
            future.complete(received);
          } else {
            future.completeExceptionally(failure);
          }
        });
    return future;
  }

  /** A builder of the JDK's client, counted as a fallback. */
  public WebSocket.Builder newWebSocketBuilder() {
    try {
      return fallBack(Fallback.WEB_SOCKET).newWebSocketBuilder();
    } catch (IOException unusableTrust) {
      throw new UncheckedIOException(unusableTrust);
    }
  }

  private synchronized HttpClient fallBack(Fallback reason) throws IOException {
    fallbacks.increment();
    reason.log();
    if (jdkClient == null) {
      HttpClient.Builder builder =
          HttpClient.newBuilder()
              .executor(executor)
              .followRedirects(options.redirect)
              .proxy(proxies == null ? HttpClient.Builder.NO_PROXY : proxies)
              .version(options.version);
      if (options.authenticator != null) {
        builder.authenticator(options.authenticator);
      }
      if (options.connectTimeout != null) {
        builder.connectTimeout(options.connectTimeout);
      }
      if (options.cookieHandler != null) {
        builder.cookieHandler(options.cookieHandler);
      }
      if (options.priority != null) {
        builder.priority(options.priority);
      }
      if (options.sslContext != null) {
        builder.sslContext(options.sslContext);
      } else if (trust.isExtended()) {
        builder.sslContext(trust.context());
      }
      if (options.sslParameters != null) {
        builder.sslParameters(options.sslParameters);
      }
      jdkClient = builder.build();
    }
    return jdkClient;
  }

  /**
   * The transport, made now if there is none.
   *
   * @param secure whether it is for a request under TLS: then it has to know whom to trust
   */
  Transport transport(boolean secure) throws IOException {
    Transport made = transport;
    return made == null || secure && !trusting ? makeTransport(secure) : made;
  }

  private synchronized Transport makeTransport(boolean secure) throws IOException {
    if (terminated.getCount() == 0) {
      throw closed();
    }
    if (transport == null) {
      transport = new Transport(options);
    }
    if (secure && !trusting) {
      transport.trust(trust.encoded());
      trusting = true;
    }
    return transport;
  }

  Executor executor() {
    return executor;
  }

  Credentials credentials() {
    return credentials;
  }

  /** A request under a policy has ended. */
  void exit(PolicyCall<?> call) {
    policed.remove(call);
    exit();
  }

  /** A request has ended. */
  void exit() {
    if (inFlight.decrementAndGet() == 0 && shutdown) {
      terminate();
    }
  }

  /** Accepts no further request, and ends when none is in flight. Idempotent. */
  public void shutdown() {
    shutdown = true;
    if (inFlight.get() == 0) {
      terminate();
    }
  }

  /** As {@link #shutdown}, and fails what is in flight. */
  public void shutdownNow() {
    closing = true;
    shutdown();
    policed.forEach(call -> call.abort(closed()));
    Transport open = transport;
    if (open != null) {
      open.close();
    }
    delegated.forEach(response -> response.cancel(true));
  }

  private synchronized void terminate() {
    if (transport != null) {
      transport.close();
    }
    if (ownExecutor != null) {
      ownExecutor.shutdown();
    }
    jdkClient = null;
    terminated.countDown();
  }

  /** Whether it was shut down and no request is in flight. */
  public boolean isTerminated() {
    return terminated.getCount() == 0;
  }

  /** Waits for that; returns whether it came in time. */
  public boolean awaitTermination(Duration limit) throws InterruptedException {
    long nanos;
    try {
      nanos = limit.toNanos();
    } catch (ArithmeticException longerThanAnyProgram) {
      nanos = Long.MAX_VALUE;
    }
    return terminated.await(nanos, TimeUnit.NANOSECONDS);
  }

  /** Requests that were given to this client. */
  public long requests() {
    return requests.sum();
  }

  /** Requests that have not ended, the JDK's client included. */
  public long inFlight() {
    return inFlight.get();
  }

  /**
   * What policies have done.
   *
   * @param host the host whose own policy it is; {@code null} for that of the client
   * @return {@code null} if there is no such policy
   */
  public PolicyCounters policyCounters(String host) {
    return policies == null ? null : policies.counters(host);
  }

  /** Requests and WebSockets that the JDK's client was given. */
  public long fallbacks() {
    return fallbacks.sum();
  }
}
