// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/**
 * What a builder has been told; {@code null} where it has not. A client takes a {@linkplain #copy
 * copy}, which nobody changes any more.
 */
public final class ClientOptions {
  public String name = "fermata-http";
  public Authenticator authenticator;
  public Duration connectTimeout;
  public CookieHandler cookieHandler;
  public Executor executor;
  public HttpClient.Redirect redirect = HttpClient.Redirect.NEVER;
  public ProxySelector proxy;
  public Integer priority;
  public SSLContext sslContext;
  public SSLParameters sslParameters;
  public HttpClient.Version version = HttpClient.Version.HTTP_2;
  public PolicyOptions policy;
  public final Map<String, PolicyOptions> policies = new HashMap<>();
  public boolean platformTrust;
  public final List<X509Certificate> roots = new ArrayList<>();

  /** Returns options that do not change with these. */
  public ClientOptions copy() {
    ClientOptions copy = new ClientOptions();
    copy.name = name;
    copy.authenticator = authenticator;
    copy.connectTimeout = connectTimeout;
    copy.cookieHandler = cookieHandler;
    copy.executor = executor;
    copy.redirect = redirect;
    copy.proxy = proxy;
    copy.priority = priority;
    copy.sslContext = sslContext;
    copy.sslParameters = sslParameters;
    copy.version = version;
    copy.policy = policy;
    copy.policies.putAll(policies);
    copy.platformTrust = platformTrust;
    copy.roots.addAll(roots);
    return copy;
  }
}
