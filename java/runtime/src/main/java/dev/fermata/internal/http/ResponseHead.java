// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.util.Optional;
import javax.net.ssl.SSLSession;

/** Status and headers of a response, before its body. Immutable. */
final class ResponseHead implements HttpResponse.ResponseInfo {
  private final int status;
  private final HttpHeaders headers;
  private final HttpClient.Version version;
  private final byte[] session;

  /**
   * @param session what native code tells of TLS, or {@code null} if there was none
   */
  ResponseHead(int status, boolean http2, byte[] headers, byte[] session) {
    this.status = status;
    this.headers = FlatHeaders.read(headers);
    this.version = http2 ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1;
    this.session = session;
  }

  @Override
  public int statusCode() {
    return status;
  }

  @Override
  public HttpHeaders headers() {
    return headers;
  }

  @Override
  public HttpClient.Version version() {
    return version;
  }

  boolean isSecure() {
    return session != null;
  }

  /** The TLS session with the server of {@code uri}. */
  Optional<SSLSession> session(URI uri) {
    return session == null ? Optional.empty() : Optional.of(new PeerSession(session, uri));
  }
}
