// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How long a server wants to be left alone. */
class RetryAfterTest {
  private static final Instant NOW = Instant.parse("1994-11-06T08:49:37Z");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0|0",
        "120|120",
        " 7 |7",
        "999999999|999999999",
        "99999999999999999999|2147483647",
        "Sun, 06 Nov 1994 08:49:38 GMT|1",
        "Sun, 06 Nov 1994 08:49:37 GMT|0",
        "Sun, 06 Nov 1994 08:49:36 GMT|0",
        "-1|0",
        "1.5|0",
        "soon|0"
      })
  void secondsOrADate(String value, long seconds) {
    HttpHeaders headers = HttpHeaders.of(Map.of("Retry-After", List.of(value)), (n, v) -> true);

    assertThat(RetryAfter.of(headers, NOW)).isEqualTo(Duration.ofSeconds(seconds));
  }
}
