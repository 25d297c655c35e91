// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Judges a review by the one of twelve sentences, six of praise and six of complaint, whose
 * embedding is most like its own. Immutable.
 */
final class NearestPrototype implements Serializable {
  private static final long serialVersionUID = 1L;

  /** What a happy customer writes. */
  static final List<String> PRAISE =
      List.of(
          "I love this product.",
          "It works great and I am very happy with it.",
          "Excellent quality, well worth the money.",
          "Easy to use and set up.",
          "I highly recommend it.",
          "The picture and sound are wonderful.");

  /** What an unhappy customer writes. */
  static final List<String> COMPLAINTS =
      List.of(
          "I hate this product.",
          "It stopped working and I am very disappointed.",
          "Poor quality, a waste of money.",
          "Hard to use and confusing to set up.",
          "I would not recommend it to anyone.",
          "Customer support was useless and I want a refund.");

  private final ArrayList<float[]> embeddings;

  /**
   * @param embeddings of {@link #sentences()}, in their order
   */
  NearestPrototype(List<float[]> embeddings) {
    this.embeddings = new ArrayList<>(embeddings);
  }

  /** The sentences of praise, then those of complaint. */
  static List<String> sentences() {
    List<String> sentences = new ArrayList<>(PRAISE);
    sentences.addAll(COMPLAINTS);
    return sentences;
  }

  /** How a review was judged. Immutable. */
  @JsonAutoDetect(fieldVisibility = Visibility.ANY)
  static final class Judgement {
    private final int nearest;
    private final double margin;

    Judgement(int nearest, double margin) {
      this.nearest = nearest;
      this.margin = margin;
    }

    boolean positive() {
      return margin >= 0;
    }

    /** Index of the nearest sentence. */
    int nearest() {
      return nearest;
    }

    /** Cosine to the nearest praise less that to the nearest complaint, from -2 to 2. */
    double margin() {
      return margin;
    }
  }

  /**
   * @throws IllegalArgumentException if the embedding is of another length than the prototypes'
   */
  Judgement judge(float[] embedding) {
    int praise = nearest(embedding, 0, PRAISE.size());
    int complaint = nearest(embedding, PRAISE.size(), embeddings.size());
    double margin =
        cosine(embedding, embeddings.get(praise)) - cosine(embedding, embeddings.get(complaint));
    return new Judgement(margin >= 0 ? praise : complaint, margin);
  }

  private int nearest(float[] embedding, int from, int to) {
    int nearest = from;
    for (int i = from + 1; i < to; i++) {
      if (cosine(embedding, embeddings.get(i)) > cosine(embedding, embeddings.get(nearest))) {
        nearest = i;
      }
    }
    return nearest;
  }

  private static double cosine(float[] a, float[] b) {
    if (a.length != b.length) {
      throw new IllegalArgumentException("embeddings of " + a.length + " and " + b.length);
    }
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += a[i] * b[i];
      aa += a[i] * a[i];
      bb += b[i] * b[i];
    }
    return ab / Math.sqrt(aa * bb);
  }
}
