// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;

/** Which response asks for another request, and for which, by the JDK's rules. */
final class Redirects {
  /** The most requests of one call, the first included. */
  private static final int LIMIT = Integer.getInteger("jdk.httpclient.redirects.retrylimit", 5);

  private Redirects() {}

  /**
   * Returns the next request, or {@code null} if the response is for the user.
   *
   * @param followed how many redirects this call has followed
   * @throws IOException if the response says nowhere to go
   */
  static SentRequest next(
      HttpClient.Redirect policy, SentRequest request, ResponseHead head, int followed)
      throws IOException {
    int status = head.statusCode();
    if (policy == HttpClient.Redirect.NEVER || !isRedirect(status)) {
      return null;
    }
    URI target = target(request.uri(), head);
    if (!allows(policy, request.uri(), target) || followed + 1 >= LIMIT) {
      return null;
    }
    return request.redirected(target, method(status, request.method()), status != 303);
  }

  private static boolean isRedirect(int status) {
    switch (status) {
      case 301:
      case 302:
      case 303:
      case 307:
      case 308:
        return true;
      default:
        return false;
    }
  }

  private static URI target(URI from, ResponseHead head) throws IOException {
    String location =
        head.headers()
            .firstValue("Location")
            .orElseThrow(() -> new IOException("Invalid redirection: no Location"));
    URI target;
    try {
      target = from.resolve(URI.create(location));
    } catch (IllegalArgumentException malformed) {
      throw new IOException("Invalid redirection: " + location, malformed);
    }
    boolean isHttp =
        "http".equalsIgnoreCase(target.getScheme()) || "https".equalsIgnoreCase(target.getScheme());
    if (!isHttp || target.getHost() == null) {
      throw new IOException("Invalid redirection: " + location);
    }
    return target;
  }

  private static boolean allows(HttpClient.Redirect policy, URI from, URI target) {
    return policy == HttpClient.Redirect.ALWAYS
        || target.getScheme().equalsIgnoreCase(from.getScheme())
        || target.getScheme().equalsIgnoreCase("https");
  }

  private static String method(int status, String method) {
    if (status == 303) {
      return "GET";
    }
    return status < 303 && method.equals("POST") ? "GET" : method;
  }
}
