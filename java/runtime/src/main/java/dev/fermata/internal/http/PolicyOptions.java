// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/**
 * What a builder of a policy has been told; 0 or {@code null} where something is not limited. A
 * policy takes a {@linkplain #copy copy}, which nobody changes any more.
 */
public final class PolicyOptions {
  public int maxConcurrent;
  public double requestsPerSecond;
  public int requestBurst;
  public double tokensPerSecond;
  public int tokenBurst;
  public ToLongFunction<? super HttpRequest> cost;
  public int maxAttempts = 1;
  public Duration firstBackoff = Duration.ofMillis(500);
  public double multiplier = 2;
  public Duration maxBackoff = Duration.ofSeconds(30);
  public double jitter = 0.5;
  public Set<Integer> statuses = Set.of(429, 502, 503, 504);
  public boolean failures = true;
  public Predicate<? super HttpRequest> harmless = request -> false;
  public Duration deadline;

  /** Whether requests may have to wait for others. */
  public boolean hasLimits() {
    return maxConcurrent != 0 || requestsPerSecond != 0 || tokensPerSecond != 0;
  }

  /** Returns options that do not change with these. */
  public PolicyOptions copy() {
    PolicyOptions copy = new PolicyOptions();
    copy.maxConcurrent = maxConcurrent;
    copy.requestsPerSecond = requestsPerSecond;
    copy.requestBurst = requestBurst;
    copy.tokensPerSecond = tokensPerSecond;
    copy.tokenBurst = tokenBurst;
    copy.cost = cost;
    copy.maxAttempts = maxAttempts;
    copy.firstBackoff = firstBackoff;
    copy.multiplier = multiplier;
    copy.maxBackoff = maxBackoff;
    copy.jitter = jitter;
    copy.statuses = statuses;
    copy.failures = failures;
    copy.harmless = harmless;
    copy.deadline = deadline;
    return copy;
  }
}
