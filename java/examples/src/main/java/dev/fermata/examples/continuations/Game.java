// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.continuations;

import dev.fermata.continuation.Continuation;
import java.io.IOException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A game whose monsters are continuations, and whose saved form is the game with its monsters as
 * they stand, in the middle of a step or not.
 *
 * <pre>
 * Game new FILE TICKS     begins, plays so many ticks, and saves
 * Game load FILE TICKS    goes on from there, and saves
 * </pre>
 */
public final class Game implements Serializable {
  private static final long serialVersionUID = 1L;

  /** What a save file may hold: all else is refused before it is made. */
  private static final String ALLOWED =
      "dev.fermata.examples.continuations.*;dev.fermata.continuation.*;"
          + "dev.fermata.internal.continuation.*;java.base/*;!*;maxdepth=50;maxrefs=10000";

  private final ArrayList<Continuation> monsters = new ArrayList<>();

  public static void main(String[] args) throws Exception {
    Path file = Path.of(args[1]);
    Game game = args[0].equals("new") ? begin() : load(file);
    for (int tick = Integer.parseInt(args[2]); tick > 0; tick--) {
      System.out.println(String.join(", ", game.tick()));
    }
    game.save(file);
  }

  /** A game with two monsters. */
  static Game begin() {
    Game game = new Game();
    game.monsters.add(
        new Continuation(
            new Monster(
                "troll", new int[] {4, 0}, new int[] {4, 3}, new int[] {0, 3}, new int[] {0, 0})));
    game.monsters.add(new Continuation(new Monster("ghost", new int[] {2, 5}, new int[] {0, 0})));
    return game;
  }

  /** Lets each monster take a step; where they are. */
  List<String> tick() {
    List<String> places = new ArrayList<>();
    for (Continuation monster : monsters) {
      monster.resume();
      places.add((String) monster.value());
    }
    return places;
  }

  void save(Path file) throws IOException {
    try (ObjectOutputStream out = new ObjectOutputStream(Files.newOutputStream(file))) {
      out.writeObject(this);
    }
  }

  static Game load(Path file) throws IOException, ClassNotFoundException {
    try (ObjectInputStream in = new ObjectInputStream(Files.newInputStream(file))) {
      in.setObjectInputFilter(ObjectInputFilter.Config.createFilter(ALLOWED));
      return (Game) in.readObject();
    }
  }
}
