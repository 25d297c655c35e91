// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.continuations;

import dev.fermata.continuation.Search;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * As many queens on a board as it has rows, none of which attacks another, written as if each could
 * be put on the right column at once; {@link Search} tries the columns.
 *
 * <pre>Queens 8</pre>
 */
public final class Queens {
  private Queens() {}

  public static void main(String[] args) {
    int size = Integer.parseInt(args[0]);
    try (Search<List<Integer>> boards = boards(size)) {
      boards.stream().limit(1).forEach(columns -> print(columns, size));
    }
  }

  /** All boards, each as the columns of the queens of its rows. */
  static Search<List<Integer>> boards(int size) {
    return Search.of(
        choices -> {
          List<Integer> columns = new ArrayList<>();
          while (columns.size() < size) {
            columns.add(choices.choose(safeColumns(columns, size)));
          }
          return columns;
        });
  }

  private static List<Integer> safeColumns(List<Integer> columns, int size) {
    List<Integer> safe = new ArrayList<>();
    for (int column = 0; column < size; column++) {
      if (isSafe(column, columns)) {
        safe.add(column);
      }
    }
    return safe;
  }

  private static boolean isSafe(int column, List<Integer> columns) {
    int row = columns.size();
    for (int other = 0; other < row; other++) {
      int distance = Math.abs(columns.get(other) - column);
      if (distance == 0 || distance == row - other) {
        return false;
      }
    }
    return true;
  }

  private static void print(List<Integer> columns, int size) {
    for (int queen : columns) {
      List<String> row = new ArrayList<>(Collections.nCopies(size, "."));
      row.set(queen, "Q");
      System.out.println(String.join(" ", row));
    }
  }
}
