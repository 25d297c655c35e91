// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.Strategy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Actions as continuations, where the JDK allows it; elsewhere these tests have no runs. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ContinuationStrategyTest {
  private static final String CONTINUATION =
      "dev.fermata.internal.strategy.WorkingStrategies#continuation";

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource(CONTINUATION)
  void aSuspendThatTheJvmRefusesIsReportedAndTheActionGoesOn(Strategy kind) {
    SuspensionStrategy strategy = WorkingStrategies.create(kind);
    UnderInitialiser.action =
        strategy.start(() -> assertThat(Holder.SUSPENDED).isFalse(), () -> {});

    assertThat(UnderInitialiser.action.runSlice()).isTrue();
    assertThat(Holder.SUSPENDED).isFalse();
  }

  private static final class UnderInitialiser {
    static SuspendableAction action;
  }

  private static final class Holder {
    static final boolean SUSPENDED = UnderInitialiser.action.suspend();
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource(CONTINUATION)
  void scopedValuesAreOfTheSideThatBoundThem(Strategy kind) throws Exception {
    ScopedValues value = new ScopedValues();
    SuspensionStrategy strategy = WorkingStrategies.create(kind);
    List<String> events = new ArrayList<>();
    SuspendableAction[] action = new SuspendableAction[1];
    value.runWith(
        "owner's first",
        () -> {
          action[0] =
              strategy.start(
                  () -> {
                    events.add("action: " + value.get());
                    value.runWith(
                        "action's",
                        () -> {
                          action[0].suspend();
                          events.add("action: " + value.get());
                        });
                    events.add("action: " + value.get());
                  },
                  () -> {});
          assertThat(action[0].runSlice()).isFalse();
          events.add("owner: " + value.get());
        });
    events.add("owner: " + value.get());
    value.runWith(
        "owner's second",
        () -> {
          assertThat(action[0].runSlice()).isTrue();
          events.add("owner: " + value.get());
        });
    events.add("owner: " + value.get());

    assertThat(events)
        .containsExactly(
            "action: owner's first",
            "owner: owner's first",
            "owner: unbound",
            "action: action's",
            "action: owner's first",
            "owner: owner's second",
            "owner: unbound");
  }
}
