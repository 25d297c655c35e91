// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.net.http.HttpHeaders;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Headers as they cross to native code and back: each name and each value, then a line feed. */
final class FlatHeaders {
  private static final byte END = '\n';

  private FlatHeaders() {}

  /** Appends one header. */
  static void append(StringBuilder flat, String name, String value) {
    flat.append(name).append('\n').append(value).append('\n');
  }

  static byte[] bytes(StringBuilder flat) {
    return flat.toString().getBytes(ISO_8859_1);
  }

  /** Reads what native code wrote. */
  static HttpHeaders read(byte[] flat) {
    Map<String, List<String>> headers = new HashMap<>();
    int at = 0;
    while (at < flat.length) {
      int name = at;
      int value = end(flat, name) + 1;
      at = end(flat, value) + 1;
      headers
          .computeIfAbsent(
              new String(flat, name, value - 1 - name, ISO_8859_1), absent -> new ArrayList<>(1))
          .add(new String(flat, value, at - 1 - value, ISO_8859_1));
    }
    return HttpHeaders.of(headers, (name, value) -> true);
  }

  private static int end(byte[] flat, int from) {
    int at = from;
    while (flat[at] != END) {
      at++;
    }
    return at;
  }
}
