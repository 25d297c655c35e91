// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.net.http.HttpHeaders;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Why the JDK's client carries a request out in place of the native one. */
enum Fallback {
  NO_LIBRARY("the native library is not loaded"),
  SSL_CONTEXT("the client has an SSLContext of its own, whose key and trust managers are hidden"),
  SSL_PARAMETERS("the client has SSLParameters of its own"),
  DEFAULT_SSL_CONTEXT("SSLContext.setDefault was called with a context whose managers are hidden"),
  TLS_PROPERTIES("a system property asks for something of TLS that the native client has not"),
  PUSH_PROMISES("a handler for push promises was given"),
  WEB_SOCKET("a WebSocket is opened"),
  CONNECTION_HEADERS("the request has headers that govern the connection or frame the body");

  private static final Logger LOG = LoggerFactory.getLogger(Fallback.class);

  /** Properties of the JDK's TLS that say more than whom to trust. */
  private static final List<String> PROPERTIES =
      List.of(
          "javax.net.ssl.keyStore",
          "jdk.internal.httpclient.disableHostnameVerification",
          "jdk.tls.client.cipherSuites",
          "jdk.tls.client.protocols",
          "com.sun.net.ssl.checkRevocation");

  private static final List<String> HEADERS =
      List.of(
          "connection",
          "content-length",
          "expect",
          "http2-settings",
          "te",
          "transfer-encoding",
          "upgrade");

  private final String reason;
  private final AtomicBoolean logged = new AtomicBoolean();

  Fallback(String reason) {
    this.reason = reason;
  }

  /** Whether TLS by the JVM's defaults is more than the native client can do; why, or null. */
  static Fallback ofDefaultTls() {
    try {
      if (!SSLContext.getDefault().getProtocol().equals("Default")) {
        return DEFAULT_SSL_CONTEXT;
      }
    } catch (NoSuchAlgorithmException unusable) {
      return DEFAULT_SSL_CONTEXT;
    }
    boolean asked = PROPERTIES.stream().anyMatch(name -> System.getProperty(name) != null);
    return asked ? TLS_PROPERTIES : null;
  }

  /** Whether the headers, which the JDK lets pass on request only, are the transport's own. */
  static Fallback ofHeaders(HttpHeaders headers) {
    for (String name : HEADERS) {
      if (headers.firstValue(name).isPresent()) {
        return CONNECTION_HEADERS;
      }
    }
    return null;
  }

  /** Says once for each reason that there are fallbacks. */
  void log() {
    if (!logged.getAndSet(true)) {
      if (this == NO_LIBRARY) {
        LOG.info("Requests are sent by the JDK's HTTP client: {}", reason);
      } else {
        LOG.warn("A request is sent by the JDK's HTTP client, as all like it will be: {}", reason);
      }
    }
  }
}
