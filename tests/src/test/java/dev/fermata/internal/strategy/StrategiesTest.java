// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.fermata.ChildJvm;
import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import dev.fermata.internal.bridge.NativeEngine;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is chosen, and why, on the JDK of this test. */
class StrategiesTest {
  private final Strategies strategies = WorkingStrategies.strategies();

  @Test
  void aMailboxKeepsItsThreadWhereContinuationsWork() {
    Strategies.Choice choice = strategies.choose(OwnerKind.MAILBOX);

    if (WorkingStrategies.JAVA >= 21) {
      assertThat(choice.kind()).isEqualTo(Strategy.CONTINUATION);
      assertThat(choice.reason()).contains("owner's own thread");
    } else {
      assertThat(choice.kind()).isEqualTo(Strategy.HANDOFF);
      assertThat(choice.reason()).contains("not continuation: needs Java 21 or later");
    }
    assertThat(choice.reason()).contains(System.getProperty("java.version"));
  }

  @Test
  void aLoopRunsVirtualThreadsWhereTheyMayParkUnderMonitors() {
    Strategies.Choice choice = strategies.choose(OwnerKind.LOOP);

    if (WorkingStrategies.JAVA >= 24) {
      assertThat(choice.kind()).isEqualTo(Strategy.VIRTUAL);
      assertThat(choice.reason()).contains("park under a monitor");
    } else if (WorkingStrategies.JAVA >= 21) {
      assertThat(choice.kind()).isEqualTo(Strategy.CONTINUATION);
      assertThat(choice.reason())
          .contains("not virtual: a virtual thread that parks under a monitor blocks its owner");
    } else {
      assertThat(choice.kind()).isEqualTo(Strategy.HANDOFF);
      assertThat(choice.reason()).contains("not virtual: needs Java 21 or later");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aForcedStrategyIsTakenOrRefusedWithItsReason(Strategy forced) {
    String name = forced.name().toLowerCase(Locale.ROOT);

    if (forced == Strategy.INLINE || WorkingStrategies.expected().contains(forced)) {
      Strategies.Choice choice = strategies.choose(OwnerKind.MAILBOX, " " + name + " ");
      assertThat(choice.kind()).isEqualTo(forced);
      assertThat(choice.reason()).isEqualTo("forced by -Dfermata.strategy=" + name);
      if (forced != Strategy.INLINE) {
        assertThat(choice.newStrategy(WorkingStrategies.NEVER).kind()).isEqualTo(forced);
      }
    } else {
      assertThatIllegalStateException()
          .isThrownBy(() -> strategies.choose(OwnerKind.MAILBOX, name))
          .withMessageContaining("-Dfermata.strategy=" + name + " does not work on Java")
          .withMessageContaining("Remove the property");
    }
  }

  @Test
  void anUnknownNameIsRefusedWithTheKnownOnes() {
    assertThatIllegalStateException()
        .isThrownBy(() -> strategies.choose(OwnerKind.LOOP, "fibers"))
        .withMessageContaining("-Dfermata.strategy=fibers is no strategy")
        .withMessageContaining("auto, virtual, continuation, handoff, inline");
  }

  @ParameterizedTest
  @EnumSource
  void withoutTheNativeLibraryNothingSuspends(OwnerKind owner) {
    Strategies without = Strategies.withoutNativeLibrary("it was left out");

    Strategies.Choice choice = without.choose(owner, "auto");

    assertThat(choice.kind()).isEqualTo(Strategy.INLINE);
    assertThat(choice.reason()).isEqualTo("no native library: it was left out");
    assertThatIllegalStateException()
        .isThrownBy(() -> without.choose(owner, "handoff"))
        .withMessageContaining("no native library (it was left out)");
    assertThatIllegalStateException()
        .isThrownBy(() -> choice.newStrategy(WorkingStrategies.NEVER))
        .withMessageContaining("nothing is suspended: no native library");
  }

  @ParameterizedTest
  @EnumSource
  void carriersServeWhereThePackagesCannotBeOpened(OwnerKind owner) {
    Strategies closed =
        Strategies.with(
            (module, packageName, to) -> {
              throw new IllegalArgumentException("locked");
            },
            NativeEngine::lockStack);

    Strategies.Choice choice = closed.choose(owner, "auto");

    assertThat(choice.kind()).isEqualTo(Strategy.HANDOFF);
    if (WorkingStrategies.JAVA >= 21) {
      assertThat(choice.reason()).contains("cannot be reached", "locked");
    }
  }

  @ParameterizedTest
  @EnumSource
  void carriersServeWhereTheOwnersMonitorsCannotBeSeen(OwnerKind owner) {
    Strategies blind = Strategies.with(NativeEngine::openPackage, () -> -1);

    Strategies.Choice choice = blind.choose(owner, "auto");

    boolean needed = WorkingStrategies.JAVA >= 24;
    assertThat(choice.kind())
        .isEqualTo(needed ? Strategy.HANDOFF : strategies.choose(owner, "auto").kind());
    if (needed) {
      assertThat(choice.reason()).contains("it cannot be told whether an owner holds a monitor");
    }
  }

  @Test
  void carriersServeOnAJvmWithoutContinuations() throws Exception {
    String output =
        new ChildJvm()
            .with("-XX:+IgnoreUnrecognizedVMOptions", "-XX:+UnlockExperimentalVMOptions")
            .with("-XX:-VMContinuations")
            .run(Chooser.class);

    assertThat(output).contains("MAILBOX HANDOFF true", "LOOP HANDOFF true");
  }

  /** Prints what is chosen, and whether an action runs on it. */
  public static final class Chooser {
    private Chooser() {}

    public static void main(String[] arguments) {
      for (OwnerKind owner : OwnerKind.values()) {
        Strategies.Choice choice = WorkingStrategies.strategies().choose(owner, "auto");
        SuspensionStrategy strategy = choice.newStrategy(WorkingStrategies.NEVER);
        boolean ended = strategy.start(() -> {}, () -> {}).runSlice();
        System.out.println(owner + " " + choice.kind() + " " + ended + " " + choice.reason());
        strategy.close();
      }
    }
  }

  @Test
  void probesLeaveNoThreadBehind() throws InterruptedException {
    Strategies fresh = Strategies.with(NativeEngine::openPackage, NativeEngine::lockStack);
    fresh.choose(OwnerKind.LOOP, "auto");
    fresh.choose(OwnerKind.MAILBOX, "auto");

    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().equals("fermata-probe")) {
        thread.join(10_000);
        assertThat(thread.isAlive()).isFalse();
      }
    }
  }
}
