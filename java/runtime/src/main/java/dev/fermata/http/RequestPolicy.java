// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import dev.fermata.internal.http.PolicyOptions;
import java.net.http.HttpRequest;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * When requests may be sent, how often, and for how long: limits, retries and a deadline. A {@link
 * NativeHttpClient} is {@linkplain NativeHttpClient.Builder#policy(RequestPolicy) given} one for
 * all its requests, or for those to a {@linkplain NativeHttpClient.Builder#policy(String,
 * RequestPolicy) host}. Whatever is not set is neither limited nor done.
 *
 * <pre>{@code
 * RequestPolicy policy =
 *     RequestPolicy.newBuilder()
 *         .maxConcurrent(32)
 *         .requestsPerSecond(10, 20)
 *         .maxAttempts(4)
 *         .deadline(Duration.ofMinutes(2))
 *         .build();
 * }</pre>
 *
 * <p>Each <em>attempt</em> to send a request is admitted in the order of arrival, once a place is
 * free and the rates allow it. It keeps its place until its response has been read to the end, was
 * closed or cancelled, or failed, so a body that is neither read nor closed keeps it for good. The
 * redirects and challenges that an attempt follows are part of it and are not limited again. {@link
 * HttpRequest#timeout()} is that of each attempt and begins when it is admitted.
 *
 * <p>An attempt is followed by another if it got one of the {@linkplain Builder#retryStatuses
 * statuses} or {@linkplain Builder#retryFailures failed} before a response came, attempts are left,
 * the request may be repeated (its method is idempotent, or {@link Builder#alsoRetry} says so), and
 * the next one would begin before the deadline. What the last attempt got is what the caller gets:
 * the response as it is, or the exception, which has those of earlier attempts as suppressed ones.
 * Only the last response reaches the {@code BodyHandler}. Publishers of bodies are subscribed to
 * once for each attempt.
 *
 * <p>Before the n-th repetition it is waited for {@code first * multiplier^(n-1)}, at most {@code
 * max}, of which the jitter takes away a random part; and not less than the response's {@code
 * Retry-After} says, in seconds or as a date. An attempt has no place while it waits.
 *
 * <p>Nothing that waits holds a thread; an action of Fermata that sends is suspended. Immutable.
 */
public final class RequestPolicy {
  private static final Duration YEAR = Duration.ofDays(365);
  private static final double SECONDS_OF_YEAR = YEAR.getSeconds();
  private static final double MOST_PER_SECOND = 1e9;

  private final PolicyOptions options;

  private RequestPolicy(PolicyOptions options) {
    this.options = options;
  }

  /**
   * Returns a builder of a policy that limits nothing, repeats nothing, and has no deadline.
   *
   * @return a new builder
   */
  public static Builder newBuilder() {
    return new Builder();
  }

  PolicyOptions options() {
    return options;
  }

  /** Collects what a policy says. Not thread-safe. */
  public static final class Builder {
    private final PolicyOptions options = new PolicyOptions();

    private Builder() {}

    /**
     * Limits how many attempts are in flight at a time.
     *
     * @param requests at least 1
     * @return this builder
     */
    public Builder maxConcurrent(int requests) {
      check(requests >= 1, "maxConcurrent must be at least 1, but is %s", requests);
      options.maxConcurrent = requests;
      return this;
    }

    /**
     * Limits how often an attempt begins: over any stretch of time, no more than {@code burst} and
     * {@code rate} for each second of it. Who waits is looked after once a millisecond, so a rate
     * above 1000 needs a burst of at least a thousandth of it to be reached.
     *
     * @param rate attempts a second, positive, need not be whole; at most a billion
     * @param burst how many may begin at once after a pause, at least 1
     * @return this builder
     */
    public Builder requestsPerSecond(double rate, int burst) {
      checkRate("requestsPerSecond", rate, burst);
      options.requestsPerSecond = rate;
      options.requestBurst = burst;
      return this;
    }

    /**
     * Limits how many tokens attempts cost, as {@link #requestsPerSecond} does for their number.
     * What a token is the cost function decides: a model's, a byte, a row.
     *
     * @param rate tokens a second, positive, need not be whole; at most a billion
     * @param burst how many tokens may be spent at once after a pause, at least 1; a request that
     *     costs more is refused with {@link IllegalArgumentException}
     * @param cost what an attempt to send a request costs, not negative; called once for each
     *     request, on the thread that sends it
     * @return this builder
     */
    public Builder tokensPerSecond(
        double rate, int burst, ToLongFunction<? super HttpRequest> cost) {
      checkRate("tokensPerSecond", rate, burst);
      options.cost = Objects.requireNonNull(cost, "cost");
      options.tokensPerSecond = rate;
      options.tokenBurst = burst;
      return this;
    }

    /**
     * Sets how often a request may be sent, the first time included.
     *
     * @param attempts at least 1; default 1, so that nothing is repeated
     * @return this builder
     */
    public Builder maxAttempts(int attempts) {
      check(
          attempts >= 1,
          "maxAttempts must be at least 1, which repeats nothing, but is %s",
          attempts);
      options.maxAttempts = attempts;
      return this;
    }

    /**
     * Sets how long it is waited before a repetition.
     *
     * @param first before the first one, not negative; default 500 ms
     * @param multiplier by how much longer before each further one, at least 1; default 2
     * @param max at most so long, at least as long as {@code first} and at most 365 days; default
     *     30 s
     * @return this builder
     */
    public Builder backoff(Duration first, double multiplier, Duration max) {
      check(!first.isNegative(), "the first backoff must not be negative, but is %s", first);
      check(
          multiplier >= 1 && multiplier < Double.POSITIVE_INFINITY,
          "the multiplier of the backoff must be at least 1, which keeps it the same, but is %s",
          multiplier);
      check(
          max.compareTo(first) >= 0 && max.compareTo(YEAR) <= 0,
          "the longest backoff must be between the first and 365 days, but is %s",
          max);
      options.firstBackoff = first;
      options.multiplier = multiplier;
      options.maxBackoff = max;
      return this;
    }

    /**
     * Sets which part of a backoff is random, so that clients that failed together do not come back
     * together.
     *
     * @param part between 0, none, and 1, all of it; default 0.5
     * @return this builder
     */
    public Builder jitter(double part) {
      check(part >= 0 && part <= 1, "the jitter must be between 0 and 1, but is %s", part);
      options.jitter = part;
      return this;
    }

    /**
     * Sets which statuses of a response are a reason to send its request again.
     *
     * @param statuses status codes between 200 and 599, or none; default 429, 502, 503, 504
     * @return this builder
     */
    public Builder retryStatuses(int... statuses) {
      for (int status : statuses) {
        check(
            status >= 200 && status <= 599,
            "a status to retry must be between 200 and 599, but is %s",
            status);
      }
      options.statuses = Set.copyOf(Arrays.stream(statuses).boxed().collect(Collectors.toSet()));
      return this;
    }

    /**
     * Sets whether a request is sent again that failed before the head of a response came: there
     * was no connection, or it broke, or {@link HttpRequest#timeout()} passed. What TLS refuses, or
     * is no HTTP, is not sent again.
     *
     * @param retry default {@code true}
     * @return this builder
     */
    public Builder retryFailures(boolean retry) {
      options.failures = retry;
      return this;
    }

    /**
     * Sets which requests may be sent again though their method, such as POST, is not idempotent:
     * the server may then have done what they ask for more than once.
     *
     * @param requests whether a request does no harm if it is repeated; default none of them
     * @return this builder
     */
    public Builder alsoRetry(Predicate<? super HttpRequest> requests) {
      options.harmless = Objects.requireNonNull(requests, "requests");
      return this;
    }

    /**
     * Sets how long a request may take with all waiting and all attempts, until its future
     * completes; then it fails with {@link HttpTimeoutException}. It ends sooner, with what the
     * last attempt got, if the next one would begin too late. A body that is read after the future
     * completed, as a stream, is not under it.
     *
     * @param duration positive, at most 365 days
     * @return this builder
     */
    public Builder deadline(Duration duration) {
      check(
          !duration.isNegative() && !duration.isZero() && duration.compareTo(YEAR) <= 0,
          "the deadline must be positive and at most 365 days, but is %s; leave it out for none",
          duration);
      options.deadline = duration;
      return this;
    }

    /**
     * Creates a policy.
     *
     * @return a new policy
     */
    public RequestPolicy build() {
      return new RequestPolicy(options.copy());
    }

    private static void checkRate(String name, double rate, int burst) {
      check(
          rate > 0 && rate <= MOST_PER_SECOND,
          "%s must be positive and at most a billion, but is %s; leave it out for no limit",
          name,
          rate);
      check(burst >= 1, "the burst of %s must be at least 1, but is %s", name, burst);
      check(
          burst / rate <= SECONDS_OF_YEAR,
          "%s of %s with a burst of %s must not take more than a year to recover; lower the burst",
          name,
          rate,
          burst);
    }

    private static void check(boolean holds, String message, Object... values) {
      if (!holds) {
        throw new IllegalArgumentException(String.format(message, values));
      }
    }
  }
}
