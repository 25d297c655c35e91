// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import dev.fermata.examples.triage.NearestPrototype.Judgement;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** What became of one review: a judgement, and a reply where it is negative; or a failure. */
@JsonAutoDetect(fieldVisibility = Visibility.ANY)
final class TriagedReview {
  private final Review review;
  private final Judgement judgement;
  private final String reply;
  private final String failure;

  private TriagedReview(Review review, Judgement judgement, String reply, String failure) {
    this.review = review;
    this.judgement = judgement;
    this.reply = reply;
    this.failure = failure;
  }

  /** A review that needs no reply. */
  static TriagedReview judged(Review review, Judgement judgement) {
    return new TriagedReview(review, judgement, null, null);
  }

  static TriagedReview replied(Review review, Judgement judgement, String reply) {
    return new TriagedReview(review, judgement, reply, null);
  }

  static TriagedReview failed(Review review, Throwable failure) {
    return new TriagedReview(review, null, null, String.valueOf(failure.getMessage()));
  }

  /** How many reviews came out the same in two runs; results are in the order of the reviews. */
  static int alike(List<TriagedReview> results, List<TriagedReview> others) {
    int alike = 0;
    for (int i = 0; i < results.size(); i++) {
      alike += results.get(i).isLike(others.get(i)) ? 1 : 0;
    }
    return alike;
  }

  private boolean isLike(TriagedReview other) {
    return review.index() == other.review.index()
        && judgement().map(Judgement::nearest).equals(other.judgement().map(Judgement::nearest))
        && Objects.equals(reply, other.reply)
        && Objects.equals(failure, other.failure);
  }

  Review review() {
    return review;
  }

  /** Empty if a model gave no answer. */
  Optional<Judgement> judgement() {
    return Optional.ofNullable(judgement);
  }

  Optional<String> reply() {
    return Optional.ofNullable(reply);
  }

  Optional<String> failure() {
    return Optional.ofNullable(failure);
  }
}
