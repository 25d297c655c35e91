// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.junit.jupiter.api.Test;

/** What counts as having read the same state. */
class StateReadsTest {
  private static long digest(Consumer<StateReads> reading) {
    StateReads reads = new StateReads();
    reading.accept(reads);
    return reads.digest();
  }

  private static void value(StateReads reads, Integer value) {
    reads.value(IntSerializer.INSTANCE, value);
  }

  private static void entries(StateReads reads, Map<String, Integer> entries) {
    reads.entries(StringSerializer.INSTANCE, IntSerializer.INSTANCE, entries);
  }

  private static Map<String, Integer> map(String key, Integer value, String other, Integer of) {
    Map<String, Integer> map = new LinkedHashMap<>();
    map.put(key, value);
    map.put(other, of);
    return map;
  }

  @Test
  void sameValuesInTheSameOrder() {
    long read =
        digest(
            reads -> {
              value(reads, 1);
              value(reads, null);
            });

    assertThat(
            digest(
                reads -> {
                  value(reads, 1);
                  value(reads, null);
                }))
        .isEqualTo(read);
    assertThat(
            digest(
                reads -> {
                  value(reads, null);
                  value(reads, 1);
                }))
        .isNotEqualTo(read);
    assertThat(digest(reads -> value(reads, 1))).isNotEqualTo(read);
    assertThat(digest(reads -> {})).isNotEqualTo(read);
  }

  @Test
  void sameEntriesInAnyOrder() {
    long read = digest(reads -> entries(reads, map("a", 1, "b", 2)));

    assertThat(digest(reads -> entries(reads, map("b", 2, "a", 1)))).isEqualTo(read);
    assertThat(digest(reads -> entries(reads, map("a", 2, "b", 1)))).isNotEqualTo(read);
    assertThat(digest(reads -> entries(reads, map("a", 1, "b", null)))).isNotEqualTo(read);
    assertThat(digest(reads -> entries(reads, Map.of("a", 1)))).isNotEqualTo(read);
    assertThat(digest(reads -> entries(reads, Map.of()))).isNotEqualTo(digest(reads -> {}));
  }

  @Test
  void entriesAreReadInOneOrder() {
    assertThat(
            new StateReads()
                .entries(StringSerializer.INSTANCE, IntSerializer.INSTANCE, map("b", 2, "a", 1)))
        .containsExactly(Map.entry("a", 1), Map.entry("b", 2));
  }
}
