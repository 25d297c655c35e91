// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReviewInputTest {
  @Test
  void readsIdRatingAndText() throws Exception {
    ReviewInput input = read("a1\t-2.5\tbroke at once \r\na2\t0.25\tgrün\r\n");

    assertThat(input.badLines()).isEmpty();
    assertThat(input.reviews()).extracting(Review::id).containsExactly("a1", "a2");
    assertThat(input.reviews()).extracting(Review::text).containsExactly("broke at once", "grün");
    assertThat(input.reviews().get(0).rating()).hasValue(-2.5);
  }

  @Test
  void namesColumnsByTheFirstLine() throws Exception {
    ReviewInput input = read("\uFEFFtext\tshop\trating\ngood\tB\t3\n");

    assertThat(input.reviews()).singleElement().extracting(Review::text).isEqualTo("good");
    assertThat(input.reviews().get(0).id()).isEqualTo("2");
    assertThat(input.reviews().get(0).rating()).hasValue(3);
  }

  @Test
  void readsJsonLines() throws Exception {
    ReviewInput input =
        read("{\"id\":7,\"text\":\"fine\",\"rating\":1}\n{\"text\":\"x\",\"rating\":null}\n");

    assertThat(input.reviews()).extracting(Review::id).containsExactly("7", "2");
    assertThat(input.reviews().get(1).rating()).isEmpty();
  }

  @Test
  void namesEachBadLineAndGoesOn() throws Exception {
    ReviewInput input =
        read("1\t2\tgood\n\n1\t2\t3\t4\n1\tmany\tx\n1\t5\tx\n1\t1\t \nplain\n2\tx\n\u00ff\n\0\n");

    assertThat(input.reviews()).hasSize(1);
    assertThat(input.badLines())
        .extracting(Object::toString)
        .satisfiesExactly(
            line -> assertThat(line).isEqualTo("source:3: columns: 4, expected 3"),
            line -> assertThat(line).isEqualTo("source:4: rating \"many\" is not a number"),
            line -> assertThat(line).isEqualTo("source:5: rating 5 is not between -4 and 4"),
            line -> assertThat(line).isEqualTo("source:6: no text"),
            line -> assertThat(line).isEqualTo("source:7: columns: 1, expected 3"),
            line -> assertThat(line).isEqualTo("source:8: columns: 2, expected 3"),
            line -> assertThat(line).isEqualTo("source:9: not UTF-8"),
            line -> assertThat(line).isEqualTo("source:10: holds control characters"));
  }

  @Test
  void namesEachBadLineOfJsonLines() throws Exception {
    ReviewInput input = read("{\"text\":\"fine\"}\n{\"id\":1}\n{oops\nplain\n");

    assertThat(input.reviews()).hasSize(1);
    assertThat(input.badLines())
        .extracting(Object::toString)
        .satisfiesExactly(
            line -> assertThat(line).isEqualTo("source:2: no text"),
            line -> assertThat(line).startsWith("source:3: not JSON"),
            line -> assertThat(line).startsWith("source:4: not JSON"));
  }

  @Test
  void refusesAnInputWithoutReviews(@TempDir Path folder) {
    assertThatThrownBy(() -> read("a\tb\tc\n"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("none of its lines is a review")
        .hasMessageContaining("source:1: rating \"b\"");
    assertThatThrownBy(() -> read("\n")).hasMessageStartingWith("source: is empty");
    assertThatThrownBy(() -> ReviewInput.of(folder.resolve("none.tsv")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("no such file");
    assertThatThrownBy(() -> ReviewInput.of(folder))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("cannot be read");
  }

  /** Reads a text as UTF-8, but for ÿ, which becomes a byte that UTF-8 does not know. */
  private static ReviewInput read(String text) throws InputException, IOException {
    byte[] bytes =
        new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1)
            .replace("\u00c3\u00bf", "\u00ff")
            .getBytes(StandardCharsets.ISO_8859_1);
    return ReviewInput.of("source", new ByteArrayInputStream(bytes));
  }
}
