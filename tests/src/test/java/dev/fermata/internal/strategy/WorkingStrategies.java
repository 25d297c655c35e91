// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import dev.fermata.internal.bridge.NativeEngine;
import dev.fermata.internal.loader.NativeLibrary;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/** The strategies that work on the JDK of this test, opened by the native library. */
final class WorkingStrategies {
  static final int JAVA = Runtime.version().feature();
  static final Duration NEVER = Duration.ofDays(1);

  private WorkingStrategies() {}

  static Strategies strategies() {
    return Opened.STRATEGIES;
  }

  static Strategies.Choice choice(Strategy strategy) {
    return strategies().choose(OwnerKind.LOOP, strategy.name().toLowerCase(Locale.ROOT));
  }

  static SuspensionStrategy create(Strategy strategy) {
    return choice(strategy).newStrategy(NEVER);
  }

  /** What must work on this JDK and suspends. */
  static Set<Strategy> expected() {
    if (JAVA >= 24) {
      return EnumSet.of(Strategy.VIRTUAL, Strategy.CONTINUATION, Strategy.HANDOFF);
    }
    return JAVA >= 21
        ? EnumSet.of(Strategy.CONTINUATION, Strategy.HANDOFF)
        : EnumSet.of(Strategy.HANDOFF);
  }

  static Stream<Strategy> all() {
    return expected().stream();
  }

  /** Those whose actions must not be suspended under a monitor. */
  static Stream<Strategy> guarded() {
    return all().filter(strategy -> strategy != Strategy.VIRTUAL);
  }

  static Stream<Strategy> virtual() {
    return all().filter(strategy -> strategy == Strategy.VIRTUAL);
  }

  static Stream<Strategy> continuation() {
    return all().filter(strategy -> strategy == Strategy.CONTINUATION);
  }

  /** Opened when first used: {@link #NEVER} and the like need no native library. */
  private static final class Opened {
    static final Strategies STRATEGIES = open();

    private static Strategies open() {
      NativeLibrary.Status library = NativeLibrary.load();
      assertThat(library.isLoaded()).as(library.toString()).isTrue();
      return Strategies.with(NativeEngine::openPackage, NativeEngine::lockStack);
    }
  }
}
