// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.io.IOException;
import java.net.CookieHandler;
import java.util.List;
import java.util.Map;

/** What goes to and comes from a cookie handler. */
final class Cookies {
  private Cookies() {}

  /** The value of the Cookie header: the handler's cookies, then the user's; or {@code null}. */
  static String header(CookieHandler handler, SentRequest request) throws IOException {
    StringBuilder cookies = new StringBuilder();
    if (handler != null) {
      Map<String, List<String>> found = handler.get(request.uri(), request.headers().map());
      for (Map.Entry<String, List<String>> entry : found.entrySet()) {
        if (entry.getKey().equalsIgnoreCase("Cookie") && entry.getValue() != null) {
          append(cookies, entry.getValue());
        }
      }
    }
    append(cookies, request.headers().allValues("Cookie"));
    return cookies.length() == 0 ? null : cookies.toString();
  }

  private static void append(StringBuilder cookies, List<String> values) {
    for (String value : values) {
      if (value.chars().allMatch(c -> c == '\t' || c >= ' ' && c != 0x7f)) {
        cookies.append(cookies.length() == 0 ? "" : "; ").append(value);
      }
    }
  }

  static void store(CookieHandler handler, SentRequest request, ResponseHead head)
      throws IOException {
    if (handler != null) {
      handler.put(request.uri(), head.headers().map());
    }
  }
}
