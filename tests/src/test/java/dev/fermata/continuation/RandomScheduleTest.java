// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import static dev.fermata.continuation.SerialisationTest.javaBytes;
import static dev.fermata.continuation.SerialisationTest.javaRead;
import static dev.fermata.continuation.SerialisationTest.read;
import static dev.fermata.continuation.SerialisationTest.write;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.Strategy;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** However a program is copied, saved and read in between, it does what it does straight on. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RandomScheduleTest {
  private static final int SEEDS = 150 / Integer.getInteger("fermata.test.divisor", 1);
  private static final int MOST_STEPS = 60;
  private static final ContinuationFormat FORMAT = ContinuationFormat.allowing(RandomProgram.class);

  @ParameterizedTest
  @MethodSource("dev.fermata.continuation.Kinds#all")
  void outputsEqualThoseOfTheStraightRun(Strategy strategy) throws Exception {
    int suspensions = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      boolean effects = seed % 3 != 0;
      List<Object> inputs = inputs(seed);
      Continuation straight =
          Continuation.builder()
              .strategy(strategy)
              .live()
              .build(new RandomProgram(seed, 2 * seed, effects));
      List<Object> expected = new ArrayList<>();
      for (Object input : inputs) {
        if (!step(straight, input, expected)) {
          break;
        }
      }
      straight.close();
      Continuation scheduled =
          Continuation.builder()
              .strategy(strategy)
              .build(new RandomProgram(seed, 2 * seed + 1, effects));
      List<Object> found = runBySchedule(scheduled, new Random(seed), inputs, effects);

      assertThat(found).as("seed %d", seed).isEqualTo(expected);
      assertThat(RandomProgram.effects(2 * seed + 1))
          .as("effects of seed %d", seed)
          .isEqualTo(RandomProgram.effects(2 * seed));
      suspensions += expected.size();
    }
    assertThat(suspensions).as("the programs do something").isGreaterThan(10 * SEEDS);
  }

  @Test
  void theCheckerLetsThemThrough() {
    for (long seed = 0; seed < SEEDS / 5; seed++) {
      Continuation checked =
          Continuation.builder()
              .checked(true)
              .build(new RandomProgram(seed, 1_000_000 + seed, true));
      List<Object> found = new ArrayList<>();
      for (Object input : inputs(seed)) {
        if (!step(checked, input, found)) {
          break;
        }
      }
      checked.close();
    }
  }

  private static List<Object> inputs(long seed) {
    Random random = new Random(-seed);
    List<Object> inputs = new ArrayList<>();
    inputs.add(null);
    for (int i = 1; i < MOST_STEPS; i++) {
      int kind = random.nextInt(4);
      inputs.add(kind < 2 ? null : kind == 2 ? (Object) random.nextInt() : "input " + i);
    }
    return inputs;
  }

  private static boolean step(Continuation continuation, Object input, List<Object> outputs) {
    try {
      if (continuation.resume(input)) {
        outputs.add(String.valueOf(continuation.value()));
        return true;
      }
      outputs.add("ended");
    } catch (ContinuationExecutionException thrown) {
      outputs.add(thrown.getCause().toString());
    }
    return false;
  }

  private static List<Object> runBySchedule(
      Continuation begun, Random random, List<Object> inputs, boolean effects) throws Exception {
    List<Object> outputs = new ArrayList<>();
    Continuation current = begun;
    for (Object input : inputs) {
      while (random.nextInt(3) == 0) {
        Continuation next = another(current, random);
        if (!effects && random.nextBoolean()) {
          // What becomes of the other one has nothing to do with this one.
          wander(current, random);
        } else {
          current.close();
        }
        current = next;
        if (random.nextBoolean() && !outputs.isEmpty()) {
          assertThat(String.valueOf(current.value())).isEqualTo(outputs.get(outputs.size() - 1));
        }
      }
      if (!step(current, input, outputs)) {
        break;
      }
    }
    current.close();
    return outputs;
  }

  private static Continuation another(Continuation current, Random random) throws Exception {
    switch (random.nextInt(3)) {
      case 0:
        return current.copy();
      case 1:
        return read(write(current, FORMAT), FORMAT);
      default:
        return (Continuation) javaRead(javaBytes(current), null);
    }
  }

  private static void wander(Continuation continuation, Random random) {
    List<Object> ignored = new ArrayList<>();
    boolean begun = continuation.value() != null;
    for (int i = 0; i < 3; i++) {
      if (!step(continuation, begun ? "wandering " + random.nextInt() : null, ignored)) {
        return;
      }
    }
    continuation.close();
  }
}
