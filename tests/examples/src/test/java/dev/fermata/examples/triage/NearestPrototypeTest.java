// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.fermata.examples.triage.NearestPrototype.Judgement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class NearestPrototypeTest {
  private static final int SENTENCES = NearestPrototype.sentences().size();

  /** Prototype i stands on axis i. */
  private final NearestPrototype judge = new NearestPrototype(axes());

  @Test
  void takesTheSideOfTheNearestSentence() {
    for (int i = 0; i < SENTENCES; i++) {
      Judgement judgement = judge.judge(axis(i, 5));

      assertThat(judgement.nearest()).isEqualTo(i);
      assertThat(judgement.positive()).isEqualTo(i < NearestPrototype.PRAISE.size());
    }
  }

  @Test
  void lengthOfTheEmbeddingDoesNotMatter() {
    float[] embedding = axis(0, 3);
    embedding[SENTENCES - 1] = 4;

    Judgement judgement = judge.judge(embedding);

    assertThat(judgement.positive()).isFalse();
    assertThat(judgement.margin()).isEqualTo(0.6 - 0.8, within(1e-6));
  }

  @Test
  void refusesAnEmbeddingOfAnotherModel() {
    assertThatThrownBy(() -> judge.judge(new float[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3");
  }

  private static List<float[]> axes() {
    List<float[]> axes = new ArrayList<>();
    for (int i = 0; i < SENTENCES; i++) {
      axes.add(axis(i, 1));
    }
    return axes;
  }

  private static float[] axis(int index, float length) {
    float[] axis = new float[SENTENCES];
    axis[index] = length;
    return axis;
  }
}
