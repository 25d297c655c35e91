// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.continuation;

import dev.fermata.Strategy;
import dev.fermata.internal.strategy.Strategies;
import dev.fermata.internal.strategy.SuspensionStrategy;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the coroutines of this process by one strategy. Safe for all threads.
 *
 * <p>Owns what they share: the carriers of {@code HANDOFF}, which also run slices for virtual
 * threads, and end when idle for a minute.
 */
public final class Coroutines {
  private static final Logger LOG = LoggerFactory.getLogger(Coroutines.class);

  /** A caller waits for a slice for as long as it takes: the slice is its own doing. */
  private static final Duration NO_LIMIT = Duration.ofNanos(Long.MAX_VALUE);

  private static final Map<Strategy, Coroutines> KNOWN = new EnumMap<>(Strategy.class);
  private static volatile Coroutines byDefault;

  private final Strategies.Choice choice;
  private final SuspensionStrategy shared;

  private Coroutines(Strategies.Choice choice) {
    this.choice = choice;
    // A virtual thread's owner keeps state in its strategy; with the others there is none.
    shared = choice.kind() == Strategy.VIRTUAL ? null : choice.newStrategy(NO_LIMIT);
  }

  /**
   * Those of the strategy that works here, or that the system property {@value Strategies#PROPERTY}
   * names. The first use may take some hundred milliseconds.
   *
   * @throws UnsupportedOperationException if there is none
   */
  public static Coroutines byDefault() {
    Coroutines known = byDefault;
    return known == null ? chooseDefault() : known;
  }

  private static synchronized Coroutines chooseDefault() {
    if (byDefault == null) {
      Coroutines chosen = choose(null);
      LOG.info(
          "Continuations are suspended by {}: {}", chosen.choice.kind(), chosen.choice.reason());
      byDefault = chosen;
    }
    return byDefault;
  }

  /**
   * Those of a strategy.
   *
   * @throws UnsupportedOperationException if it does not work here
   */
  public static synchronized Coroutines by(Strategy strategy) {
    Coroutines known = KNOWN.get(strategy);
    return known == null ? choose(strategy) : known;
  }

  private static Coroutines choose(Strategy wanted) {
    try {
      Strategies.Choice choice = Strategies.ofThisProcess().chooseForContinuations(wanted);
      return KNOWN.computeIfAbsent(choice.kind(), kind -> new Coroutines(choice));
    } catch (IllegalStateException impossible) {
      throw new UnsupportedOperationException(
          "No continuations here: " + impossible.getMessage(), impossible);
    }
  }

  /** Whether a suspended body keeps a thread. */
  public boolean holdThreads() {
    return choice.kind() != Strategy.CONTINUATION;
  }

  /** A body; it must not throw. Nothing runs yet. */
  public Coroutine create(Runnable body) {
    return Coroutine.of(shared == null ? choice.newStrategy(NO_LIMIT) : shared, body);
  }
}
