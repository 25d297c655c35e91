// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How many elements wait at once. */
@Timeout(60)
class CapacityTest {
  private static final Duration LONG = Duration.ofHours(1);

  @Test
  void twoThousandElementsWaitAtOnce() throws Exception {
    suspend(2_000);
  }

  @Test
  @Tag("java21")
  void tenThousandElementsWaitAtOnceWhereNoneHoldsAThread() throws Exception {
    suspend(10_000);
  }

  private static void suspend(int elements) throws Exception {
    int[] begun = new int[1];
    int[] ended = new int[1];
    try (OperatorRig rig =
        OperatorRig.open(
            (element, context, out) -> {
              begun[0]++;
              try {
                context.sleep(LONG);
              } finally {
                ended[0]++;
              }
            },
            OperatorRig.options().capacity(elements))) {
      for (int i = 0; i < elements; i++) {
        rig.send("k" + i, i, i);
      }
      assertThat(begun[0]).isEqualTo(elements);
      assertThat(ended[0]).isZero();
      rig.snapshot();
    }
    assertThat(ended[0]).as("ended by close").isEqualTo(elements);
  }
}
