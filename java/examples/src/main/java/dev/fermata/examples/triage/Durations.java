// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import java.util.Locale;

/** Spans of time as people read them. */
final class Durations {
  private static final double NANOS_PER_MILLI = 1e6;
  private static final double NANOS_PER_SECOND = 1e9;
  private static final long SECONDS_PER_MINUTE = 60;

  private Durations() {}

  static double millis(long nanos) {
    return nanos / NANOS_PER_MILLI;
  }

  /** Such as {@code 312 ms}, {@code 12.3 s} or {@code 25 min 40 s}. */
  static String text(long nanos) {
    double seconds = nanos / NANOS_PER_SECOND;
    if (seconds < 1) {
      return String.format(Locale.ROOT, nanos < 1e7 ? "%.2f ms" : "%.0f ms", millis(nanos));
    }
    if (seconds < 2 * SECONDS_PER_MINUTE) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    long whole = Math.round(seconds);
    return whole / SECONDS_PER_MINUTE + " min " + whole % SECONDS_PER_MINUTE + " s";
  }
}
