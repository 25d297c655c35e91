// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SearchTest {
  private static final List<Integer> DIGITS = List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  private static final List<String> SEEN = new ArrayList<>();

  @BeforeEach
  void forget() {
    SEEN.clear();
  }

  @Test
  void findsAllSolutionsInTheOrderOfTheOptions() {
    Search<String> search =
        Search.of(
            choices -> {
              String first = choices.choose(List.of("a", "b", "c"));
              String second = choices.choose(List.of("x", "y"));
              choices.require(!first.equals("b"));
              return first + second;
            });

    assertThat(search).toIterable().containsExactly("ax", "ay", "cx", "cy");
  }

  @Test
  void choicesMayBeMadeAtAnyDepthAndDependOnOthers() {
    Search<List<Integer>> pythagorean =
        Search.of(
            choices -> {
              int a = among(choices, 1, 20);
              int b = among(choices, a, 20);
              int c = among(choices, b, 20);
              choices.require(a * a + b * b == c * c);
              return List.of(a, b, c);
            });

    assertThat(pythagorean.stream().limit(3).collect(Collectors.toList()))
        .containsExactly(List.of(3, 4, 5), List.of(5, 12, 13), List.of(6, 8, 10));
    pythagorean.close();
  }

  @Test
  void looksForASolutionWhenOneIsAskedFor() {
    Search<Integer> search = Search.of(SearchTest::seen);
    assertThat(SEEN).isEmpty();

    assertThat(search.next()).isZero();
    assertThat(search.hasNext()).isTrue();
    assertThat(search.hasNext()).as("without a step more").isTrue();

    assertThat(SEEN).containsExactly("0", "1");
    search.close();
  }

  @Test
  void anOptionThatCannotBeCopiedIsNotLeftOut() {
    Object notSerialisable = new Object();
    try (Search<String> search =
        Search.of(choices -> choices.choose(List.of("a", "b")) + (notSerialisable != null))) {
      for (int attempt = 0; attempt < 2; attempt++) {
        assertThatThrownBy(search::hasNext)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("cannot be copied");
      }
    }
  }

  @Test
  void aStepThatIsRefusedIsTakenWhenAskedAgain() {
    Search<String> search = Search.of(choices -> choices.choose(List.of("a", "b")));
    try {
      synchronized (SEEN) {
        assertThat(search.hasNext()).isTrue();
      }
    } catch (IllegalContinuationStateException refused) {
      assertThat(refused).as("on some JVMs").hasMessageContaining("holds a monitor");
    }

    assertThat(search).toIterable().containsExactly("a", "b");
  }

  @Test
  void aProblemWithoutChoiceHasOneSolution() {
    Search<String> search = Search.of(choices -> "only");

    assertThat(search.next()).isEqualTo("only");
    assertThat(search.hasNext()).isFalse();
    assertThatThrownBy(search::next)
        .isInstanceOf(NoSuchElementException.class)
        .hasMessageContaining("no more solutions");
  }

  @Test
  void aProblemThatFailsHasNone() {
    assertThat(Search.of(choices -> choices.fail())).toIterable().isEmpty();
  }

  @Test
  void nothingIsASolution() {
    Search<Object> search = Search.of(choices -> null);

    assertThat(search).toIterable().containsExactly((Object) null);
  }

  @Test
  void finallyBlocksRunOnWaysThatAreGivenUp() {
    Search<Integer> search =
        Search.of(
            choices -> {
              int digit = choices.choose(DIGITS);
              try {
                choices.require(digit == 7);
                return digit;
              } finally {
                SEEN.add("left " + digit);
              }
            });

    assertThat(search).toIterable().containsExactly(7);
    assertThat(SEEN).hasSize(10);
  }

  @Test
  void anExceptionEscapesAndTheSearchGoesOnBehindIt() {
    Search<Integer> search = Search.of(choices -> 12 / choices.<Integer>choose(List.of(3, 0, 4)));

    assertThat(search.next()).isEqualTo(4);
    assertThatThrownBy(search::next)
        .isInstanceOf(ContinuationExecutionException.class)
        .hasCauseInstanceOf(ArithmeticException.class);
    assertThat(search.next()).isEqualTo(3);
    assertThat(search.hasNext()).isFalse();
  }

  @Test
  void closingTheStreamEndsTheSearch() {
    Search<Integer> search = Search.of(choices -> choices.choose(DIGITS));
    try (Stream<Integer> some = search.stream()) {
      assertThat(some.limit(2)).containsExactly(0, 1);
    }
    assertThat(search.hasNext()).isFalse();
  }

  private static int seen(Search.Choices choices) {
    int digit = choices.choose(DIGITS);
    SEEN.add(String.valueOf(digit));
    return digit;
  }

  private static int among(Search.Choices choices, int first, int last) {
    if (first > last) {
      return choices.fail();
    }
    return choices.choose(List.of(true, false)) ? first : among(choices, first + 1, last);
  }
}
