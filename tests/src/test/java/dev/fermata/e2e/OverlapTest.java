// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ChildJvm;
import dev.fermata.Strategy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Calls of different actions overlap if, and only if, the native library is there. A process of its
 * own runs the actions ({@link OverlappingActions}); they print when their calls began and ended,
 * and the pairs that overlap are counted from the printed lines. Nothing is measured: with the
 * library the suppliers also wait for each other, which serial calls could not survive.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OverlapTest {
  private static final Pattern RANGE = Pattern.compile("RANGE (\\w+) (\\d+) (\\d+) (\\d+)");
  private static final Pattern STRATEGY = Pattern.compile("STRATEGY (\\w+) (\\w+)");

  @ParameterizedTest
  @ValueSource(ints = {20, 1_000})
  void withTheNativeLibraryEveryPairOfCallsOverlaps(int actions) throws Exception {
    String output =
        new ChildJvm()
            .with("-Dfermata.native=required")
            .run(OverlappingActions.class, "" + actions);

    Map<String, List<long[]>> ranges = ranges(output);
    assertThat(ranges).containsOnlyKeys("LOOP", "WAKER", "AWAIT_READY", "POLLING");
    ranges.forEach(
        (owner, calls) -> {
          assertThat(calls).as("calls of %s", owner).hasSize(actions);
          assertThat(overlappingPairs(calls))
              .as("overlapping pairs of %s", owner)
              .isEqualTo(actions * (actions - 1) / 2);
        });
    Map<String, Strategy> strategies = strategies(output);
    assertThat(strategies.get("LOOP")).isEqualTo(expected(24, Strategy.VIRTUAL));
    assertThat(strategies.get("WAKER")).isEqualTo(expected(21, Strategy.CONTINUATION));
  }

  @ParameterizedTest
  @ValueSource(ints = {20, 1_000})
  void withoutItNoPairOverlaps(int actions) throws Exception {
    String switchedOff =
        new ChildJvm().with("-Dfermata.native=off").run(OverlappingActions.class, "" + actions);
    String absent =
        new ChildJvm().without("fermata-native").run(OverlappingActions.class, "" + actions);

    for (String output : List.of(switchedOff, absent)) {
      Map<String, List<long[]>> ranges = ranges(output);
      assertThat(ranges).containsOnlyKeys("LOOP", "WAKER", "AWAIT_READY", "POLLING");
      ranges.forEach(
          (owner, calls) -> {
            assertThat(calls).as("calls of %s", owner).hasSize(actions);
            assertThat(overlappingPairs(calls)).as("overlapping pairs of %s", owner).isZero();
          });
      assertThat(strategies(output).values()).containsOnly(Strategy.INLINE);
    }
  }

  private static Strategy expected(int sinceJava, Strategy best) {
    int java = Runtime.version().feature();
    if (java >= sinceJava) {
      return best;
    }
    return java >= 21 ? Strategy.CONTINUATION : Strategy.HANDOFF;
  }

  private static Map<String, List<long[]>> ranges(String output) {
    Map<String, List<long[]>> ranges = new HashMap<>();
    Matcher line = RANGE.matcher(output);
    while (line.find()) {
      long[] range = {Long.parseLong(line.group(3)), Long.parseLong(line.group(4))};
      ranges.computeIfAbsent(line.group(1), owner -> new ArrayList<>()).add(range);
    }
    return ranges;
  }

  private static Map<String, Strategy> strategies(String output) {
    Map<String, Strategy> strategies = new HashMap<>();
    Matcher line = STRATEGY.matcher(output);
    while (line.find()) {
      strategies.put(line.group(1), Strategy.valueOf(line.group(2)));
    }
    return strategies;
  }

  private static int overlappingPairs(List<long[]> ranges) {
    int pairs = 0;
    for (int i = 0; i < ranges.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (ranges.get(i)[0] < ranges.get(j)[1] && ranges.get(j)[0] < ranges.get(i)[1]) {
          pairs++;
        }
      }
    }
    return pairs;
  }
}
