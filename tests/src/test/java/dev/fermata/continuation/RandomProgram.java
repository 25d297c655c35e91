// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A program made up by a seed: loops, nested calls, suspends with values and inputs, effects,
 * exceptions, snapshots. What it hands out depends on all that it was given.
 */
final class RandomProgram implements ContinuationEntryPoint {
  private static final long serialVersionUID = 1L;
  private static final Map<Long, List<Long>> WORLDS = new ConcurrentHashMap<>();

  private final long seed;
  private final long world;
  private final boolean effects;
  private int iteration;
  private long state;

  /**
   * @param world what its effects change, and read
   */
  RandomProgram(long seed, long world, boolean effects) {
    this.seed = seed;
    this.world = world;
    this.effects = effects;
    WORLDS.put(world, new ArrayList<>());
  }

  /** How many effects were run in a world. */
  static int effects(long world) {
    return WORLDS.get(world).size();
  }

  @Override
  public void start(SuspendCapability self) {
    int iterations = 1 + Math.floorMod(seed, 7);
    for (; iteration < iterations; iteration++) {
      Random random = new Random(seed * 31 + iteration);
      if (random.nextInt(3) == 0) {
        self.snapshot();
      }
      block(self, random, 0);
    }
    if (Math.floorMod(seed, 5) == 0) {
      throw new IllegalArgumentException("at the end " + state);
    }
  }

  private void block(SuspendCapability self, Random random, int depth) {
    int steps = 1 + random.nextInt(4);
    for (int step = 0; step < steps; step++) {
      switch (random.nextInt(depth < 5 ? 6 : 3)) {
        case 0:
          mix(self.suspend(state));
          break;
        case 1:
          self.suspend();
          break;
        case 2:
          effect(self);
          break;
        case 3:
          block(self, random, depth + 1);
          break;
        case 4:
          List.of(1, 2).forEach(each -> block(self, new Random(state + each), depth + 2));
          break;
        default:
          caught(self, random, depth);
      }
    }
  }

  private void caught(SuspendCapability self, Random random, int depth) {
    try {
      block(self, random, depth + 1);
      if (random.nextBoolean()) {
        throw new IllegalStateException("thrown " + state);
      }
    } catch (IllegalStateException e) {
      mix(e.getMessage());
    } finally {
      mix("finally");
    }
  }

  private void effect(SuspendCapability self) {
    if (!effects) {
      return;
    }
    try {
      mix(self.once(this::changeTheWorld));
    } catch (IllegalStateException thrown) {
      mix(thrown.getMessage());
    }
  }

  private Long changeTheWorld() {
    List<Long> changes = WORLDS.get(world);
    long result = Objects.hash(seed, changes.size(), changes);
    changes.add(result);
    if (result % 4 == 0) {
      throw new IllegalStateException("effect " + result);
    }
    return result % 3 == 0 ? null : result;
  }

  private void mix(Object given) {
    state = state * 1_000_003 + Objects.hashCode(given);
  }
}
