// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.io.IOException;
import java.net.ProtocolException;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import javax.net.ssl.SSLException;

/** A policy of one client: its decisions, its counters, its limit in native code. Thread-safe. */
final class AppliedPolicy {
  private static final Set<String> IDEMPOTENT =
      Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE");

  private final PolicyOptions options;
  private final PolicyCounters counters = new PolicyCounters();
  private long limit;

  AppliedPolicy(PolicyOptions options) {
    this.options = options;
  }

  PolicyCounters counters() {
    return counters;
  }

  boolean hasLimits() {
    return options.hasLimits();
  }

  /** The deadline, or {@code null} if there is none. */
  Duration deadline() {
    return options.deadline;
  }

  int maxAttempts() {
    return options.maxAttempts;
  }

  /** The limit that all requests of this policy share, made by the first of them. */
  synchronized long limit(Transport transport) {
    if (limit == 0) {
      limit = transport.limit(options);
    }
    return limit;
  }

  /**
   * What a request costs.
   *
   * @throws IllegalArgumentException if it could never be sent
   */
  long cost(HttpRequest request) {
    if (options.cost == null) {
      return 0;
    }
    long cost = options.cost.applyAsLong(request);
    if (cost < 0 || cost > options.tokenBurst) {
      throw new IllegalArgumentException(
          String.format(
              "The request %s costs %d tokens and could never be sent: its policy allows between 0"
                  + " and %d at once; raise the burst of tokens, or make the request smaller",
              request, cost, options.tokenBurst));
    }
    return cost;
  }

  /** Whether a request may be sent more than once. */
  boolean mayRepeat(HttpRequest request) {
    return options.maxAttempts > 1
        && (IDEMPOTENT.contains(request.method()) || options.harmless.test(request));
  }

  /** Whether another attempt may fare better than one with this status. */
  boolean isRetried(int status) {
    return options.statuses.contains(status);
  }

  /** Whether another attempt may fare better than one that failed so before its response came. */
  boolean isRetried(Throwable failure) {
    return options.failures
        && failure instanceof IOException
        && !(failure instanceof SSLException)
        && !(failure instanceof ProtocolException);
  }

  /** How long to wait after so many attempts, at least 1. */
  Duration backoff(int attempts) {
    double longest = options.maxBackoff.toMillis();
    double full =
        Math.min(
            longest, options.firstBackoff.toMillis() * Math.pow(options.multiplier, attempts - 1));
    double random = options.jitter * ThreadLocalRandom.current().nextDouble();
    return Duration.ofMillis(Math.round(full * (1 - random)));
  }
}
