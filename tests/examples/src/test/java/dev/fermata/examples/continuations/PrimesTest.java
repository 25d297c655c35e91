// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.continuations;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PrimesTest {
  @Test
  void emitsThePrimesInOrder() {
    try (Primes primes = new Primes()) {
      assertThat(primes.stream().limit(168))
          .containsExactlyElementsOf(
              IntStream.range(2, 1000)
                  .filter(n -> IntStream.range(2, n).noneMatch(d -> n % d == 0))
                  .boxed()
                  .collect(java.util.stream.Collectors.toList()));
    }
  }

  @Test
  void theCommandPrintsAsManyAsItIsAskedFor() throws Exception {
    assertThat(new ExampleJvm().run(Primes.class, "5")).containsExactly("2", "3", "5", "7", "11");
  }
}
