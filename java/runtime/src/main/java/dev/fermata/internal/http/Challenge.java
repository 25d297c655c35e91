// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a server or proxy says it wants for Basic authentication. Immutable. */
final class Challenge {
  private static final Pattern PARAMETER =
      Pattern.compile("([\\w-]+)\\s*=\\s*(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^\\s,]+))");

  private final String realm;
  private final Charset charset;

  private Challenge(String realm, Charset charset) {
    this.realm = realm;
    this.charset = charset;
  }

  /** The first challenge for Basic among the values of a header, or {@code null}. */
  static Challenge basic(List<String> values) {
    for (String value : values) {
      String scheme = value.trim().split("\\s", 2)[0];
      if (scheme.equalsIgnoreCase("Basic")) {
        String charset = parameter(value, "charset");
        return new Challenge(
            parameter(value, "realm"),
            "utf-8".equalsIgnoreCase(charset)
                ? StandardCharsets.UTF_8
                : StandardCharsets.ISO_8859_1);
      }
    }
    return null;
  }

  private static String parameter(String challenge, String name) {
    Matcher parameter = PARAMETER.matcher(challenge);
    while (parameter.find()) {
      if (parameter.group(1).toLowerCase(Locale.ROOT).equals(name)) {
        return parameter.group(2) == null
            ? parameter.group(3)
            : parameter.group(2).replaceAll("\\\\(.)", "$1");
      }
    }
    return null;
  }

  String realm() {
    return realm;
  }

  Charset charset() {
    return charset;
  }
}
