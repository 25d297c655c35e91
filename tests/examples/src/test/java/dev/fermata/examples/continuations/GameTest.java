// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.continuations;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GameTest {
  @TempDir Path folder;

  @Test
  void aGameThatIsSavedAfterEachTickGoesAsOneThatIsNot() throws Exception {
    Path file = folder.resolve("save");
    Game straight = Game.begin();
    List<List<String>> expected = new ArrayList<>();
    List<List<String>> saved = new ArrayList<>();
    Game.begin().save(file);
    for (int tick = 0; tick < 40; tick++) {
      expected.add(straight.tick());
      Game game = Game.load(file);
      saved.add(game.tick());
      game.save(file);
    }

    assertThat(saved).isEqualTo(expected);
    assertThat(expected.get(5)).containsExactly("troll at 4,2", "ghost at 1,4");
  }

  @Test
  void aSaveFileDoesNotGrowWithTheGame() throws Exception {
    Game game = Game.begin();
    game.tick();
    game.save(folder.resolve("early"));
    for (int tick = 0; tick < 14 * 1000; tick++) {
      game.tick();
    }
    game.save(folder.resolve("late"));

    assertThat(Files.size(folder.resolve("late")))
        .isLessThanOrEqualTo(Files.size(folder.resolve("early")));
  }

  @Test
  void theCommandGoesOnInAnotherProcess() throws Exception {
    String file = folder.resolve("save").toString();

    assertThat(new ExampleJvm().run(Game.class, "new", file, "2"))
        .containsExactly("troll at 1,0, ghost at 1,1", "troll at 2,0, ghost at 2,2");
    assertThat(new ExampleJvm().run(Game.class, "load", file, "3"))
        .containsExactly(
            "troll at 3,0, ghost at 2,3",
            "troll at 4,0, ghost at 2,4",
            "troll at 4,1, ghost at 2,5");
  }
}
