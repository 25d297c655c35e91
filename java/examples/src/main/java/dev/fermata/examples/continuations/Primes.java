// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.continuations;

import dev.fermata.continuation.Generator;
import java.util.ArrayList;
import java.util.List;

/**
 * The prime numbers, one after another: an endless loop that is read like a list.
 *
 * <pre>Primes 10</pre>
 */
public final class Primes extends Generator<Integer> {
  private static final long serialVersionUID = 1L;

  public static void main(String[] args) {
    try (Primes primes = new Primes()) {
      primes.stream().limit(Long.parseLong(args[0])).forEach(System.out::println);
    }
  }

  @Override
  protected void generate() {
    List<Integer> found = new ArrayList<>();
    for (int candidate = 2; ; candidate++) {
      if (isPrime(candidate, found)) {
        found.add(candidate);
        emit(candidate);
      }
    }
  }

  private static boolean isPrime(int candidate, List<Integer> smaller) {
    for (int prime : smaller) {
      if (prime * prime > candidate) {
        return true;
      }
      if (candidate % prime == 0) {
        return false;
      }
    }
    return true;
  }
}
