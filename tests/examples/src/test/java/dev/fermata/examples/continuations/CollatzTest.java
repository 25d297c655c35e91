// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.continuations;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CollatzTest {
  private static final String HERE = System.getProperty("java.home");

  @TempDir Path folder;

  @Test
  void aComputationMovesToAnotherJdk() throws Exception {
    movesFromTo(HERE, otherJdk());
  }

  @Test
  void aComputationMovesFromAnotherJdk() throws Exception {
    movesFromTo(otherJdk(), HERE);
  }

  private void movesFromTo(String from, String to) throws Exception {
    String file = folder.resolve("computation").toString();

    assertThat(new ExampleJvm(from).run(Collatz.class, "begin", file, "100000"))
        .containsExactly(version(from) + ": 35655 takes 323 steps, of those below 50001");
    assertThat(new ExampleJvm(to).run(Collatz.class, "finish", file))
        .containsExactly(version(to) + ": 77031 takes 350 steps, of those below 100000");
  }

  /** The oldest of the matrix, or the newest if that is this one. */
  private static String otherJdk() {
    return System.getenv(Runtime.version().feature() == 11 ? "JAVA_HOME_25" : "JAVA_HOME_11");
  }

  private static String version(String home) {
    int here = Runtime.version().feature();
    return "Java " + (home.equals(HERE) ? here : here == 11 ? 25 : 11);
  }
}
