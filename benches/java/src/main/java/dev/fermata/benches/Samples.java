// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

/** Raw samples for the report: lines of benchmark, contender and value, separated by tabs. */
final class Samples {
  private Samples() {}

  static void print(String benchmark, String contender, double value) {
    System.out.println(benchmark + "\t" + contender + "\t" + value);
  }
}
