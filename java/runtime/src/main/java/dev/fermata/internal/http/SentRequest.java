// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A request as it goes to a server: the user's, or what a redirect or a challenge made of it.
 * Immutable.
 */
final class SentRequest extends HttpRequest {
  private static final Set<String> OF_ONE_ORIGIN = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);

  static {
    OF_ONE_ORIGIN.addAll(Set.of("authorization", "cookie", "host", "origin", "referer"));
  }

  private final URI uri;
  private final String method;
  private final HttpHeaders headers;
  private final BodyPublisher publisher;
  private final HttpRequest given;
  private final InetSocketAddress proxy;

  private SentRequest(
      HttpRequest given,
      URI uri,
      String method,
      HttpHeaders headers,
      BodyPublisher publisher,
      InetSocketAddress proxy) {
    this.given = given;
    this.uri = uri;
    this.method = method;
    this.headers = headers;
    this.publisher = publisher;
    this.proxy = proxy;
  }

  /**
   * Checks a request and chooses its proxy.
   *
   * @throws IllegalArgumentException if no builder of the JDK would have built it
   */
  static SentRequest of(HttpRequest given, ProxySelector selector) {
    HttpRequest request = isBuilt(given) ? given : rebuild(given);
    if (request.method().equals("CONNECT")) {
      throw new IllegalArgumentException("Unsupported method CONNECT");
    }
    return new SentRequest(
        given,
        request.uri(),
        request.method(),
        request.headers(),
        request.bodyPublisher().orElse(null),
        proxy(selector, request.uri()));
  }

  /** Whether the JDK built the request, and so has checked it. */
  private static boolean isBuilt(HttpRequest request) {
    return request.getClass().getModule() == HttpRequest.class.getModule();
  }

  private static HttpRequest rebuild(HttpRequest given) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(given.uri())
            .method(
                given.method() == null ? "GET" : given.method(),
                given.bodyPublisher().orElseGet(BodyPublishers::noBody));
    given.timeout().ifPresent(builder::timeout);
    given
        .headers()
        .map()
        .forEach((name, values) -> values.forEach(value -> builder.header(name, value)));
    return given.bodyPublisher().isPresent() ? builder.build() : withoutPublisher(builder.build());
  }

  private static HttpRequest withoutPublisher(HttpRequest checked) {
    return new SentRequest(checked, checked.uri(), checked.method(), checked.headers(), null, null);
  }

  /** The first choice of the selector, if it is an HTTP proxy; others are not used. */
  private static InetSocketAddress proxy(ProxySelector selector, URI uri) {
    if (selector == null) {
      return null;
    }
    for (Proxy first : selector.select(uri)) {
      return first.type() == Proxy.Type.HTTP ? (InetSocketAddress) first.address() : null;
    }
    return null;
  }

  /** The request that a redirect asks for. The proxy stays the same, as in the JDK's client. */
  SentRequest redirected(URI target, String newMethod, boolean mayHaveBody) {
    HttpHeaders kept =
        isOrigin(target)
            ? headers
            : HttpHeaders.of(headers.map(), (name, value) -> !OF_ONE_ORIGIN.contains(name));
    BodyPublisher body = mayHaveBody && newMethod.equals(method) ? publisher : null;
    return new SentRequest(given, target, newMethod, kept, body, proxy);
  }

  private boolean isOrigin(URI other) {
    return other.getScheme().equalsIgnoreCase(uri.getScheme())
        && other.getRawAuthority().equals(uri.getRawAuthority());
  }

  boolean isSecure() {
    return uri.getScheme().equalsIgnoreCase("https");
  }

  /** The HTTP proxy, or {@code null}. */
  InetSocketAddress proxy() {
    return proxy;
  }

  /** The proxy in the form {@code host:port}, or {@code null}. */
  String proxyAuthority() {
    return proxy == null ? null : bracketed(proxy.getHostString()) + ":" + proxy.getPort();
  }

  private static String bracketed(String host) {
    return host.indexOf(':') < 0 || host.startsWith("[") ? host : "[" + host + "]";
  }

  BodyPublisher publisher() {
    return publisher;
  }

  /** The absolute URL in ASCII, without user information and fragment. */
  String url() {
    StringBuilder url = new StringBuilder(64);
    url.append(isSecure() ? "https://" : "http://").append(bracketed(uri.getHost()));
    if (uri.getPort() >= 0) {
      url.append(':').append(uri.getPort());
    }
    String path = uri.getRawPath();
    url.append(path == null || path.isEmpty() ? "/" : path);
    if (uri.getRawQuery() != null) {
      url.append('?').append(uri.getRawQuery());
    }
    return url.chars().allMatch(c -> c < 0x80)
        ? url.toString()
        : URI.create(url.toString()).toASCIIString();
  }

  @Override
  public Optional<BodyPublisher> bodyPublisher() {
    return Optional.ofNullable(publisher);
  }

  @Override
  public String method() {
    return method;
  }

  @Override
  public Optional<Duration> timeout() {
    return given.timeout();
  }

  @Override
  public boolean expectContinue() {
    return given.expectContinue();
  }

  @Override
  public URI uri() {
    return uri;
  }

  @Override
  public Optional<HttpClient.Version> version() {
    return given.version();
  }

  @Override
  public HttpHeaders headers() {
    return headers;
  }

  @Override
  public String toString() {
    return uri + " " + method;
  }
}
