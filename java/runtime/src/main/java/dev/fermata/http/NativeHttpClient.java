// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import dev.fermata.internal.execution.CurrentAction;
import dev.fermata.internal.http.ClientCore;
import dev.fermata.internal.http.ClientOptions;
import dev.fermata.internal.http.Failures;
import java.io.IOException;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.net.http.WebSocket;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * The JDK's {@link HttpClient} on Fermata's native transport: any number of requests in flight on
 * one I/O thread. What takes an {@code HttpClient} or its builder runs on it unchanged.
 *
 * <pre>{@code
 * try (NativeHttpClient client = NativeHttpClient.newBuilder().build()) {
 *   HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
 * }
 * }</pre>
 *
 * <p>{@link #send} called by an action of Fermata suspends the action, so that its owner runs
 * others meanwhile; called by anything else it blocks its thread. What the JDK documents of its
 * client holds for this one: methods, exceptions, redirects, cookies, Basic authentication,
 * proxies, timeouts, cancellation. The differences:
 *
 * <ul>
 *   <li>Some requests are handed to a client of the JDK with the same options, counted in {@link
 *       #fallbacks} and logged once for each reason: all of a client with an {@code SSLContext} or
 *       {@code SSLParameters} of its own, those with a push promise handler, those whose headers
 *       govern the connection (which the JDK must be told to allow), requests under TLS where the
 *       default {@code SSLContext} was replaced or system properties ask for client certificates,
 *       protocols or cipher suites; and WebSockets. Without the native library it is all of them.
 *   <li>HTTP/2 is spoken under TLS alone; plain-text connections are not upgraded to it.
 *   <li>Names in {@link HttpResponse#headers} are in lower case, over HTTP/1.1 too. Looking them up
 *       ignores case, as always.
 *   <li>A response over HTTP/1.1 may have 100 headers.
 *   <li>A redirect to another origin never carries along {@code Authorization}, {@code Cookie},
 *       {@code Origin} and {@code Referer} headers of the user's; older JDKs sent them.
 *   <li>{@link HttpResponse#sslSession} tells protocol, cipher suite and the server's certificates,
 *       but has no id and no context.
 *   <li>Cancelling the future of a request ends it on Java 11 to 15 too.
 *   <li>A server's certificate has to name its host as an alternative name; the JDK's client is
 *       content with the common name of a certificate that has none. One that is trusted itself
 *       must not be out of date either.
 *   <li>The local address cannot be chosen: {@code UnsupportedOperationException}, as the JDK
 *       documents. The priority of HTTP/2 streams, which RFC 9113 dropped, is not sent.
 *   <li>The default {@code SSLContext} is looked up when the first request needs it.
 *   <li>Responses that are no HTTP fail where the JDK's client lets some of them pass: status codes
 *       of more than three digits, headers without a name, chunks without an end of line.
 * </ul>
 *
 * <p>{@link Builder#policy(RequestPolicy) Policies} limit requests, repeat them, and give them a
 * deadline; see {@link RequestPolicy}.
 *
 * <p>An action that reads the stream of {@code BodyHandlers.ofLines()}, of {@code ofInputStream()}
 * or of {@link SseEvents} is suspended while no data is there, and the server is slowed down while
 * the action does not read. It waits in place, and blocks its owner (but under {@code VIRTUAL}),
 * where it reads under a monitor: a {@code BufferedReader} or {@code InputStreamReader} of its own
 * over the stream holds one, except on Java 19 to 23; {@code ofLines()} does not. So it does where
 * such a handler is wrapped ({@code BodyHandlers.buffering}) or a subscriber of the JDK is used
 * ({@code BodySubscribers.ofInputStream()}), for then it waits inside the JDK's own classes.
 *
 * <p>Body handlers, subscribers, publishers and dependents of futures run on the client's
 * {@linkplain HttpClient.Builder#executor executor}, those of one response serially. The default
 * one runs as many threads as there are processors, and more while all of them are blocked.
 *
 * <p>Thread-safe. Owns the transport, its I/O thread, named {@code <name>-io}, and the threads of
 * the default executor until it is closed, or unreachable with no request in flight.
 */
public final class NativeHttpClient extends HttpClient implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();

  private final ClientCore core;

  private NativeHttpClient(ClientOptions options) {
    ClientCore created = new ClientCore(options);
    core = created;
    CLEANER.register(this, created::shutdown);
  }

  /**
   * Returns a client with the defaults of {@link HttpClient#newHttpClient()}.
   *
   * @return a new client
   */
  public static HttpClient newHttpClient() {
    return newBuilder().build();
  }

  /**
   * Returns a builder with the defaults of {@link HttpClient#newBuilder()}.
   *
   * @return a new builder
   */
  public static Builder newBuilder() {
    return new Builder();
  }

  /**
   * Sends a request and waits for the response: inside an action of Fermata by suspending it,
   * elsewhere by blocking the thread.
   *
   * @param request the request
   * @param handler takes the body
   * @param <T> type of the body
   * @return the response
   * @throws IOException as {@link HttpClient#send} documents; also if the client is closed
   * @throws InterruptedException if the thread is interrupted; the request is cancelled
   * @throws IllegalArgumentException if no builder of the JDK would have built the request
   */
  @Override
  public <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler)
      throws IOException, InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    CompletableFuture<HttpResponse<T>> response = sendAsync(request, handler);
    try {
      return CurrentAction.isPresent() ? CurrentAction.await(response) : response.get();
    } catch (InterruptedException interrupted) {
      response.cancel(true);
      throw interrupted;
    } catch (ExecutionException failed) {
      throw Failures.thrownBySend(failed.getCause());
    } catch (Throwable thrown) {
      if (response.isCompletedExceptionally()) {
        throw Failures.thrownBySend(thrown);
      }
      // The action was cancelled or aborted.
      response.cancel(true);
      throw thrown;
    }
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request, BodyHandler<T> handler) {
    return sendAsync(request, handler, null);
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request, BodyHandler<T> handler, PushPromiseHandler<T> pushes) {
    Objects.requireNonNull(request, "request");
    Objects.requireNonNull(handler, "handler");
    try {
      return core.send(request, StreamedBodies.suspending(handler), pushes);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public WebSocket.Builder newWebSocketBuilder() {
    return core.newWebSocketBuilder();
  }

  @Override
  public Optional<CookieHandler> cookieHandler() {
    return Optional.ofNullable(core.options().cookieHandler);
  }

  @Override
  public Optional<Duration> connectTimeout() {
    return Optional.ofNullable(core.options().connectTimeout);
  }

  @Override
  public Redirect followRedirects() {
    return core.options().redirect;
  }

  @Override
  public Optional<ProxySelector> proxy() {
    return Optional.ofNullable(core.options().proxy);
  }

  @Override
  public SSLContext sslContext() {
    SSLContext own = core.options().sslContext;
    try {
      return own == null ? SSLContext.getDefault() : own;
    } catch (NoSuchAlgorithmException unusable) {
      throw new IllegalStateException("The default SSLContext cannot be made", unusable);
    }
  }

  @Override
  public SSLParameters sslParameters() {
    SSLParameters own = core.options().sslParameters;
    return own == null ? sslContext().getDefaultSSLParameters() : SslParameterCopy.of(own);
  }

  @Override
  public Optional<Authenticator> authenticator() {
    return Optional.ofNullable(core.options().authenticator);
  }

  @Override
  public Version version() {
    return core.options().version;
  }

  @Override
  public Optional<Executor> executor() {
    return Optional.ofNullable(core.options().executor);
  }

  /**
   * Returns how many requests this client was given.
   *
   * @return the number since the client was built
   */
  public long requests() {
    return core.requests();
  }

  /**
   * Returns how many requests have not ended: their response has not come, or its body is not read
   * to the end. One that waits under a policy is among them.
   *
   * @return the number now
   */
  public long inFlight() {
    return core.inFlight();
  }

  /**
   * Returns how many requests and WebSockets were handed to a client of the JDK.
   *
   * @return the number since the client was built
   */
  public long fallbacks() {
    return core.fallbacks();
  }

  /**
   * Returns what the client's own policy has done.
   *
   * @return a snapshot; empty if the client was given no policy
   */
  public Optional<PolicyCounts> policyCounts() {
    return Optional.ofNullable(core.policyCounters(null)).map(PolicyCounts::new);
  }

  /**
   * Returns what the policy of a host has done.
   *
   * @param host the host, in any case
   * @return a snapshot; empty if the client was given no policy for this host
   */
  public Optional<PolicyCounts> policyCounts(String host) {
    Objects.requireNonNull(host, "host");
    return Optional.ofNullable(core.policyCounters(host)).map(PolicyCounts::new);
  }

  /**
   * Lets the requests in flight end, and accepts no others: those fail with an {@link IOException}.
   * Does not wait. Idempotent.
   */
  public void shutdown() {
    core.shutdown();
  }

  /** As {@link #shutdown}, and fails the requests in flight with an {@link IOException}. */
  public void shutdownNow() {
    core.shutdownNow();
  }

  /**
   * Waits until the client was shut down and its last request has ended.
   *
   * @param duration how long to wait at most
   * @return whether it is so
   * @throws InterruptedException if the thread is interrupted
   */
  public boolean awaitTermination(Duration duration) throws InterruptedException {
    return core.awaitTermination(duration);
  }

  /**
   * Returns whether the client was shut down and its last request has ended.
   *
   * @return {@code true} if its connections are closed and its threads end
   */
  public boolean isTerminated() {
    return core.isTerminated();
  }

  /**
   * Shuts down and waits for the requests in flight; if the thread is interrupted meanwhile, fails
   * them. As the JDK's client does from Java 21 on.
   */
  @Override
  public void close() {
    shutdown();
    boolean interrupted = false;
    while (!isTerminated()) {
      try {
        awaitTermination(Duration.ofDays(1));
      } catch (InterruptedException caught) {
        interrupted = true;
        shutdownNow();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Options of a client, those of the JDK's and some more; not thread-safe. */
  public static final class Builder implements HttpClient.Builder {
    private final ClientOptions options = new ClientOptions();

    private Builder() {}

    /**
     * Sets the prefix of the names of the client's threads.
     *
     * @param prefix not blank, default "fermata-http"
     * @return this builder
     */
    public Builder name(String prefix) {
      if (prefix.isBlank()) {
        throw new IllegalArgumentException("the name must not be blank");
      }
      options.name = prefix;
      return this;
    }

    /**
     * Trusts certificates in addition to those that the JVM trusts by default ({@code cacerts}, or
     * what {@code javax.net.ssl.trustStore} names). Without effect on a client with an {@code
     * SSLContext} of its own.
     *
     * @param certificates of authorities, or of servers that signed their own
     * @return this builder
     */
    public Builder trustAlso(X509Certificate... certificates) {
      options.roots.addAll(List.of(certificates));
      return this;
    }

    /**
     * Sets the policy of all requests but those to hosts that have their own. They share its
     * limits.
     *
     * @param policy when to send, how often, and for how long; default none
     * @return this builder
     */
    public Builder policy(RequestPolicy policy) {
      options.policy = policy.options();
      return this;
    }

    /**
     * Sets the policy of the requests to a host, on whatever port, in place of the client's. A
     * request that is redirected stays under the policy of the host that it was sent to.
     *
     * @param host as in a URI, so an IPv6 address in brackets; in any case
     * @param policy when to send, how often, and for how long; whoever else is given the same one
     *     has limits and counters of its own
     * @return this builder
     */
    public Builder policy(String host, RequestPolicy policy) {
      if (host.isBlank()) {
        throw new IllegalArgumentException("the host of a policy must not be blank");
      }
      options.policies.put(host.toLowerCase(Locale.ROOT), policy.options());
      return this;
    }

    /**
     * Trusts who the platform trusts, in addition to those that the JVM trusts by default and to
     * those of {@link #trustAlso}: the certificates (PEM) of the files that the environment
     * variables {@code SSL_CERT_FILE} and {@code SSL_CERT_DIR} name, else those of the operating
     * system's store. They are looked up once, for the first request that needs them; if none can
     * be loaded, such requests fail with an {@link IOException} that names the files. So they do
     * without the native library, which looks them up. Without effect on a client with an {@code
     * SSLContext} of its own.
     *
     * @return this builder
     */
    public Builder trustPlatform() {
      options.platformTrust = true;
      return this;
    }

    @Override
    public Builder cookieHandler(CookieHandler cookieHandler) {
      options.cookieHandler = Objects.requireNonNull(cookieHandler, "cookieHandler");
      return this;
    }

    @Override
    public Builder connectTimeout(Duration duration) {
      if (duration.isNegative() || duration.isZero()) {
        throw new IllegalArgumentException(
            "the connect timeout must be positive, but is " + duration);
      }
      options.connectTimeout = duration;
      return this;
    }

    @Override
    public Builder sslContext(SSLContext sslContext) {
      options.sslContext = Objects.requireNonNull(sslContext, "sslContext");
      return this;
    }

    @Override
    public Builder sslParameters(SSLParameters sslParameters) {
      options.sslParameters = SslParameterCopy.of(sslParameters);
      return this;
    }

    @Override
    public Builder executor(Executor executor) {
      options.executor = Objects.requireNonNull(executor, "executor");
      return this;
    }

    @Override
    public Builder followRedirects(Redirect policy) {
      options.redirect = Objects.requireNonNull(policy, "policy");
      return this;
    }

    @Override
    public Builder version(Version version) {
      options.version = Objects.requireNonNull(version, "version");
      return this;
    }

    @Override
    public Builder priority(int priority) {
      if (priority < 1 || priority > 256) {
        throw new IllegalArgumentException(
            "the priority must be between 1 and 256, but is " + priority);
      }
      options.priority = priority;
      return this;
    }

    @Override
    public Builder proxy(ProxySelector proxySelector) {
      options.proxy = Objects.requireNonNull(proxySelector, "proxySelector");
      return this;
    }

    @Override
    public Builder authenticator(Authenticator authenticator) {
      options.authenticator = Objects.requireNonNull(authenticator, "authenticator");
      return this;
    }

    /**
     * Creates a client. It starts no thread until its first request.
     *
     * @return a new client
     * @throws UnsupportedOperationException if a policy limits requests and the native library is
     *     not loaded; its message says why
     */
    @Override
    public NativeHttpClient build() {
      return new NativeHttpClient(options.copy());
    }
  }
}
