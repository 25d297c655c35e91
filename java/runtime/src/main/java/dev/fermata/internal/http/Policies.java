// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import dev.fermata.internal.loader.NativeLibrary;
import java.net.URI;
import java.util.Map;
import java.util.TreeMap;

/** The policies of one client: its own, and those of hosts, which take its place. Immutable. */
final class Policies {
  private final AppliedPolicy ofClient;
  private final Map<String, AppliedPolicy> ofHosts = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

  private Policies(ClientOptions options) {
    ofClient = options.policy == null ? null : new AppliedPolicy(options.policy);
    options.policies.forEach((host, policy) -> ofHosts.put(host, new AppliedPolicy(policy)));
  }

  /**
   * The policies that a client was built with, or {@code null} if there are none.
   *
   * @throws UnsupportedOperationException if one limits requests and there is no native library
   */
  static Policies of(ClientOptions options) {
    if (options.policy == null && options.policies.isEmpty()) {
      return null;
    }
    Policies policies = new Policies(options);
    NativeLibrary.Status library = NativeLibrary.load();
    if (policies.haveLimits() && !library.isLoaded()) {
      throw new UnsupportedOperationException(
          "A policy limits requests, which the native library does. "
              + library
              + "; or leave out maxConcurrent, requestsPerSecond and tokensPerSecond: retries and"
              + " deadlines hold without the library");
    }
    return policies;
  }

  private boolean haveLimits() {
    return ofClient != null && ofClient.hasLimits()
        || ofHosts.values().stream().anyMatch(AppliedPolicy::hasLimits);
  }

  /** The policy for requests to this URI, or {@code null} if there is none. */
  AppliedPolicy of(URI uri) {
    return ofHosts.getOrDefault(uri.getHost(), ofClient);
  }

  /** Counters of the policy of a host, or of the client if {@code null}; {@code null} if none. */
  PolicyCounters counters(String host) {
    AppliedPolicy policy = host == null ? ofClient : ofHosts.get(host);
    return policy == null ? null : policy.counters();
  }
}
