// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.io.IOException;
import java.net.Authenticator;
import java.net.Authenticator.RequestorType;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.URI;
import java.util.Arrays;
import java.util.List;

/**
 * Basic authentication of one call, by server and proxy, as the JDK's client does it: credentials
 * accepted before are sent unasked, others are asked for when challenged, again when they were
 * refused, up to a limit. Used by one thread at a time.
 */
final class Authentication {
  static final int PROXY_UNAUTHORIZED = 407;
  private static final int UNAUTHORIZED = 401;
  private static final int LIMIT = Integer.getInteger("jdk.httpclient.auth.retrylimit", 3);
  private static final boolean TUNNELS = allowsBasic("jdk.http.auth.tunneling", "Basic");
  private static final boolean PROXIES = allowsBasic("jdk.http.auth.proxying", "");

  private final Authenticator authenticator;
  private final Credentials accepted;
  private final Party server = new Party();
  private final Party proxy = new Party();

  /** What one of the two parties was sent. */
  private static final class Party {
    /** The header of the next request, or {@code null}. */
    String header;

    /** Whether the user was asked for it in this call. */
    boolean asked;

    int attempts;
  }

  /**
   * @param authenticator the user's, or {@code null}
   * @param accepted of the client
   */
  Authentication(Authenticator authenticator, Credentials accepted) {
    this.authenticator = authenticator;
    this.accepted = accepted;
  }

  private static boolean allowsBasic(String property, String disabledByDefault) {
    String disabled = System.getProperty(property + ".disabledSchemes", disabledByDefault);
    return Arrays.stream(disabled.split(",")).noneMatch(s -> s.trim().equalsIgnoreCase("Basic"));
  }

  /** Whether the settings of the JDK let a header of the user's go to a proxy. */
  static boolean allowsProxyHeader(SentRequest request, String name, String value) {
    boolean isBasic =
        name.equalsIgnoreCase("Proxy-Authorization") && value.regionMatches(true, 0, "Basic", 0, 5);
    return !isBasic || allowsProxy(request);
  }

  /** Looks up what is to be sent with a request that no challenge has asked for. */
  void prepare(SentRequest request) {
    if (authenticator == null) {
      return;
    }
    server.header = accepted.forServer(request.uri());
    server.asked = false;
    if (request.proxy() != null && allowsProxy(request) && !proxy.asked) {
      proxy.header = accepted.forProxy(request.proxy(), request.isSecure());
    }
  }

  private static boolean allowsProxy(SentRequest request) {
    return request.isSecure() ? TUNNELS : PROXIES;
  }

  /** The Authorization header, or {@code null}. */
  String serverHeader() {
    return server.header;
  }

  /** The Proxy-Authorization header, or {@code null}. */
  String proxyHeader() {
    return proxy.header;
  }

  /**
   * Looks at a response.
   *
   * @return whether the request is to be sent again, with other credentials
   * @throws IOException if it asks for credentials that there are not
   */
  boolean isChallenged(SentRequest request, ResponseHead head) throws IOException {
    int status = head.statusCode();
    if (authenticator == null) {
      return false;
    }
    if (status == PROXY_UNAUTHORIZED) {
      return !request.headers().firstValue("Proxy-Authorization").isPresent()
          && (request.proxy() == null || allowsProxy(request))
          && challenged(proxy, RequestorType.PROXY, "Proxy-Authenticate", request, head);
    }
    if (proxy.asked && request.proxy() != null) {
      accepted.putProxy(request.proxy(), request.isSecure(), proxy.header);
    }
    if (status == UNAUTHORIZED) {
      return !request.headers().firstValue("Authorization").isPresent()
          && challenged(server, RequestorType.SERVER, "WWW-Authenticate", request, head);
    }
    if (server.asked) {
      accepted.putServer(request.uri(), server.header);
    }
    return false;
  }

  private boolean challenged(
      Party party, RequestorType type, String header, SentRequest request, ResponseHead head)
      throws IOException {
    List<String> challenges = head.headers().allValues(header);
    if (challenges.isEmpty()) {
      throw new IOException(header + " header missing for response code " + head.statusCode());
    }
    Challenge challenge = Challenge.basic(challenges);
    if (challenge == null) {
      return false;
    }
    if (party.attempts > LIMIT) {
      throw new IOException("too many authentication attempts. Limit: " + LIMIT);
    }
    if (party.header != null && !party.asked) {
      accepted.remove(party.header);
    }
    PasswordAuthentication user = ask(type, challenge, request);
    if (user == null) {
      throw new IOException("No credentials provided");
    }
    party.header = Credentials.basic(user, challenge.charset());
    party.asked = true;
    party.attempts++;
    return true;
  }

  private PasswordAuthentication ask(RequestorType type, Challenge challenge, SentRequest request)
      throws IOException {
    URI uri = request.uri();
    InetSocketAddress byProxy = type == RequestorType.PROXY ? request.proxy() : null;
    return authenticator.requestPasswordAuthenticationInstance(
        byProxy == null ? uri.getHost() : byProxy.getHostString(),
        null,
        byProxy == null ? uri.getPort() : byProxy.getPort(),
        byProxy == null ? uri.getScheme() : "http",
        challenge.realm(),
        "basic",
        uri.toURL(),
        type);
  }
}
