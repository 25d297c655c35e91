// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.continuations;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.continuation.Search;
import java.util.List;
import org.junit.jupiter.api.Test;

class QueensTest {
  @Test
  void findsAllBoards() {
    assertThat(Queens.boards(1)).toIterable().containsExactly(List.of(0));
    assertThat(Queens.boards(3)).toIterable().isEmpty();
    assertThat(Queens.boards(4))
        .toIterable()
        .containsExactly(List.of(1, 3, 0, 2), List.of(2, 0, 3, 1));
    assertThat(Queens.boards(6)).toIterable().hasSize(4);
    assertThat(Queens.boards(8)).toIterable().hasSize(92);
  }

  @Test
  void findsTheFirstBoardWithoutLookingForTheOthers() {
    try (Search<List<Integer>> boards = Queens.boards(12)) {
      assertThat(boards.next()).hasSize(12).doesNotHaveDuplicates();
    }
  }

  @Test
  void theCommandPrintsABoard() throws Exception {
    assertThat(new ExampleJvm().run(Queens.class, "4"))
        .containsExactly(". Q . .", ". . . Q", "Q . . .", ". . Q .");
  }
}
