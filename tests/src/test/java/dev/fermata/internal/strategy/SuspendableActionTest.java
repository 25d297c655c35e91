// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.fermata.Strategy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every strategy that suspends has in common, and where they differ on purpose. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SuspendableActionTest {
  private static final String WORKING = "dev.fermata.internal.strategy.WorkingStrategies#all";

  private final List<String> events = new ArrayList<>();
  private final AtomicReference<SuspendableAction> action = new AtomicReference<>();
  private SuspensionStrategy strategy;

  @AfterEach
  void close() {
    Thread.interrupted();
    if (strategy != null) {
      strategy.close();
    }
  }

  private SuspendableAction start(Strategy kind, Runnable body) {
    strategy = WorkingStrategies.create(kind);
    action.set(strategy.start(body, () -> {}));
    return action.get();
  }

  private boolean resume() {
    action.get().wake();
    return action.get().runSlice();
  }

  @ParameterizedTest
  @MethodSource(WORKING)
  void ownerAndActionTakeTurns(Strategy kind) {
    start(
        kind,
        () -> {
          events.add("first");
          assertThat(action.get().suspend()).isTrue();
          events.add("second");
          assertThat(action.get().suspend()).isTrue();
          events.add("third");
        });
    assertThat(events).isEmpty();

    assertThat(action.get().runSlice()).isFalse();
    events.add("owner");
    assertThat(resume()).isFalse();
    events.add("owner");
    assertThat(resume()).isTrue();

    assertThat(events).containsExactly("first", "owner", "second", "owner", "third");
    assertThat(resume()).isTrue();
    assertThat(events).hasSize(5);
  }

  @ParameterizedTest
  @MethodSource(WORKING)
  void onlyTheActionsOwnCodeIsCurrent(Strategy kind) {
    AtomicReference<SuspendableAction> inner = new AtomicReference<>();
    start(
        kind,
        () -> {
          events.add("outer " + action.get().isCurrent());
          if (kind != Strategy.VIRTUAL) {
            inner.set(
                strategy.start(
                    () -> {
                      events.add("outer in inner " + action.get().isCurrent());
                      events.add("inner " + inner.get().isCurrent());
                      assertThat(inner.get().pin()).isEqualTo(Pin.NONE);
                      inner.get().suspend();
                    },
                    () -> {}));
            assertThat(inner.get().runSlice()).isFalse();
            assertThat(inner.get().runSlice()).isTrue();
          }
          action.get().suspend();
        });
    assertThat(action.get().isCurrent()).isFalse();
    action.get().runSlice();
    assertThat(action.get().isCurrent()).isFalse();
    resume();

    assertThat(events).startsWith("outer true");
    if (kind != Strategy.VIRTUAL) {
      assertThat(events).containsExactly("outer true", "outer in inner false", "inner true");
    }
  }

  @ParameterizedTest
  @MethodSource(WORKING)
  void theStackOfASuspendedActionCanBeSeen(Strategy kind) {
    start(kind, this::waitHere);
    action.get().runSlice();

    assertThat(action.get().stack())
        .extracting(StackTraceElement::getMethodName)
        .contains("waitHere");
    resume();
  }

  private void waitHere() {
    action.get().suspend();
  }

  @ParameterizedTest
  @MethodSource(WORKING)
  void aSuspendedActionThatIsInterruptedStaysSuspended(Strategy kind) {
    AtomicInteger resumed = new AtomicInteger();
    boolean[] seen = new boolean[1];
    start(
        kind,
        () -> {
          while (resumed.get() == 0) {
            action.get().suspend();
          }
          action.get().resumed();
          seen[0] = Thread.interrupted();
        });
    action.get().runSlice();

    action.get().interrupt();
    // A virtual thread wakes up once, finds nothing, and parks again for all that it is
    // interrupted.
    assertThat(action.get().runSlice()).isFalse();
    assertThat(action.get().runSlice()).isFalse();
    assertThat(resume()).as("resumed for nothing").isFalse();
    assertThat(resume()).as("and again").isFalse();
    resumed.set(1);
    assertThat(resume()).isTrue();

    assertThat(seen[0]).isEqualTo(kind != Strategy.CONTINUATION);
    assertThat(Thread.interrupted()).isFalse();
  }

  @ParameterizedTest
  @MethodSource(WORKING)
  void aRunningActionIsInterruptedAndTheOwnerKeepsWhatItLeaves(Strategy kind) {
    start(
        kind,
        () -> {
          action.get().interrupt();
          events.add("first " + Thread.interrupted());
          action.get().interrupt();
        });

    assertThat(action.get().runSlice()).isTrue();

    assertThat(events).containsExactly("first true");
    assertThat(Thread.interrupted()).isEqualTo(kind != Strategy.VIRTUAL);
    action.get().interrupt();
    assertThat(Thread.interrupted()).as("an ended action").isFalse();
  }

  @ParameterizedTest
  @MethodSource(WORKING)
  void anInterruptOfTheOwnerBeforeASliceIsSeenInIt(Strategy kind) {
    start(
        kind,
        () -> {
          events.add("first " + Thread.interrupted());
          action.get().suspend();
          events.add("second " + Thread.currentThread().isInterrupted());
        });
    Thread.currentThread().interrupt();

    action.get().runSlice();
    boolean ownersAfterFirst = Thread.interrupted();
    Thread.currentThread().interrupt();
    resume();
    boolean ownersAfterSecond = Thread.interrupted();

    if (kind == Strategy.VIRTUAL) {
      assertThat(events).containsExactly("first false", "second false");
      assertThat(ownersAfterFirst).isTrue();
    } else {
      assertThat(events).containsExactly("first true", "second true");
      assertThat(ownersAfterFirst).isFalse();
    }
    assertThat(ownersAfterSecond).isTrue();
  }

  @ParameterizedTest
  @MethodSource(WORKING)
  void anInterruptIsHandedBackWithTheSliceNotKeptAsWell(Strategy kind) {
    start(
        kind,
        () -> {
          Thread.currentThread().interrupt();
          while (events.isEmpty()) {
            action.get().suspend();
          }
          action.get().resumed();
          events.add("action " + Thread.interrupted());
        });

    assertThat(action.get().runSlice()).isFalse();
    events.add("owner " + Thread.interrupted());
    assertThat(resume()).isTrue();

    // A virtual thread has an interrupt status of its own.
    boolean own = kind == Strategy.VIRTUAL;
    assertThat(events).containsExactly("owner " + !own, "action " + own);
  }

  @ParameterizedTest
  @MethodSource(WORKING)
  void threadAndThreadLocalsAreTheOwnersOnlyWithContinuations(Strategy kind) {
    InheritableThreadLocal<String> local = new InheritableThreadLocal<>();
    local.set("owner's");
    Thread owner = Thread.currentThread();
    start(kind, () -> events.add((Thread.currentThread() == owner) + " " + local.get()));

    action.get().runSlice();

    boolean same = kind == Strategy.CONTINUATION;
    assertThat(events).containsExactly(same + " " + (same ? "owner's" : null));
  }

  @ParameterizedTest
  @MethodSource(WORKING)
  void afterCloseWhatWasSuspendedStillEndsAndNothingStarts(Strategy kind) {
    start(kind, () -> action.get().suspend());
    action.get().runSlice();
    SuspendableAction late = strategy.start(() -> events.add("ran"), () -> {});

    strategy.close();

    assertThat(resume()).isTrue();
    if (kind == Strategy.CONTINUATION) {
      // It has nothing to close: that is left to the executor.
      assertThat(late.runSlice()).isTrue();
    } else {
      assertThatIllegalStateException()
          .isThrownBy(late::runSlice)
          .withMessageContaining("The executor is closed");
      assertThat(events).isEmpty();
    }
  }
}
