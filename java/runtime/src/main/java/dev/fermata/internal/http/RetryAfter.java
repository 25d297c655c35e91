// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;

/** The header by which a server says when to come back (RFC 9110, section 10.2.3). */
final class RetryAfter {
  /** More digits are as good as never. */
  private static final int MAX_DIGITS = 9;

  private RetryAfter() {}

  /**
   * How long the server wants to be left alone from {@code now} on; zero if it does not say so, or
   * in a way that nobody understands.
   */
  static Duration of(HttpHeaders headers, Instant now) {
    String value = headers.firstValue("Retry-After").orElse("").trim();
    if (!value.isEmpty() && value.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return Duration.ofSeconds(
          value.length() > MAX_DIGITS ? Integer.MAX_VALUE : Long.parseLong(value));
    }
    try {
      Instant date = DateTimeFormatter.RFC_1123_DATE_TIME.parse(value, Instant::from);
      return date.isAfter(now) ? Duration.between(now, date) : Duration.ZERO;
    } catch (DateTimeParseException none) {
      return Duration.ZERO;
    }
  }
}
