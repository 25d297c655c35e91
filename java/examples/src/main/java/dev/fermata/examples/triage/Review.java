// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import java.util.OptionalDouble;

/** One review of the input. Immutable. JSON, because Flink Agents logs what its events hold. */
@JsonAutoDetect(fieldVisibility = Visibility.ANY)
final class Review {
  private final int index;
  private final String id;
  private final Double rating;
  private final String text;

  /**
   * @param index its place among the reviews of the input, from 0
   * @param id as the input names it
   * @param rating mean human rating from -4 to 4, or null where the input has none
   * @param text not blank
   */
  Review(int index, String id, Double rating, String text) {
    this.index = index;
    this.id = id;
    this.rating = rating;
    this.text = text;
  }

  int index() {
    return index;
  }

  String id() {
    return id;
  }

  OptionalDouble rating() {
    return rating == null ? OptionalDouble.empty() : OptionalDouble.of(rating);
  }

  String text() {
    return text;
  }
}
