// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import dev.fermata.internal.bridge.NativeEngine;
import dev.fermata.internal.loader.NativeLibrary;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Chooses how the actions of an owner are suspended, by trying what works in the running JVM. Owns
 * what was found out: each strategy is tried at most once per instance, when it is first
 * considered, and a process needs one instance per class loader. Safe for all threads.
 */
public final class Strategies {
  /** System property that forces a strategy: the name of one in lower case, or {@code auto}. */
  public static final String PROPERTY = "fermata.strategy";

  private static final String AUTO = "auto";

  private static final String PROPERTY_REMEDY = "Remove the property, or set it to " + AUTO;

  private static Strategies ofThisProcess;

  private final PackageOpener opener;
  private final LongSupplier lockStack;
  private final String noNativeLibrary;
  private final Map<Strategy, StrategyProbe.Result> probes = new EnumMap<>(Strategy.class);
  private MonitorGuard guard;

  private Strategies(PackageOpener opener, LongSupplier lockStack, String noNativeLibrary) {
    this.opener = opener;
    this.lockStack = lockStack;
    this.noNativeLibrary = noNativeLibrary;
  }

  /**
   * Strategies of a process that has the native library.
   *
   * @param opener opens packages of the JDK
   * @param lockStack where HotSpot keeps a thread's monitors, as {@link
   *     dev.fermata.internal.bridge.NativeEngine#lockStack} tells
   */
  public static Strategies with(PackageOpener opener, LongSupplier lockStack) {
    return new Strategies(opener, lockStack, null);
  }

  /**
   * Strategies of a process without the native library: {@link Strategy#INLINE} alone.
   *
   * @param reason why there is none, as part of a sentence
   */
  public static Strategies withoutNativeLibrary(String reason) {
    return new Strategies(null, null, reason);
  }

  /**
   * Strategies of this process. The first use loads the native library.
   *
   * @throws dev.fermata.FermataException if the native library is required but cannot be loaded
   */
  public static synchronized Strategies ofThisProcess() {
    if (ofThisProcess == null) {
      NativeLibrary.Status library = NativeLibrary.load();
      ofThisProcess =
          library.isLoaded()
              ? with(NativeEngine::openPackage, NativeEngine::lockStack)
              : withoutNativeLibrary(library.reason());
    }
    return ofThisProcess;
  }

  /** Whether a thread is virtual; false before Java 21. */
  public static boolean isVirtual(Thread thread) {
    return JdkStrategies.isVirtual(thread);
  }

  /**
   * Chooses by what works, or takes what the system property {@value #PROPERTY} says. May try out a
   * strategy, which takes some hundred milliseconds the first time and ten seconds at most.
   *
   * @throws IllegalStateException if the property forces a strategy that does not work here, or
   *     names none
   */
  public Choice choose(OwnerKind owner) {
    return choose(owner, System.getProperty(PROPERTY, AUTO));
  }

  /** Like {@link #choose(OwnerKind)} with a given value of the property. */
  Choice choose(OwnerKind owner, String setting) {
    String name = setting.trim().toLowerCase(Locale.ROOT);
    return name.equals(AUTO) ? chooseFor(owner) : force(named(name));
  }

  private Choice chooseFor(OwnerKind owner) {
    if (opener == null) {
      return inline("no native library: " + noNativeLibrary);
    }
    StringJoiner rejected = new StringJoiner("; ");
    for (Strategy candidate : candidates(owner)) {
      StrategyProbe.Result result = probe(candidate);
      if (result.failure == null) {
        rejected.add(merit(candidate, owner));
        return new Choice(candidate, rejected + ", on Java " + javaVersion(), result.factory);
      }
      rejected.add("not " + nameOf(candidate) + ": " + result.failure);
    }
    return inline(rejected.toString());
  }

  private Choice force(Strategy strategy) {
    String reason = "forced by " + property(strategy);
    if (strategy == Strategy.INLINE) {
      return inline(reason);
    }
    return tried(strategy, reason, property(strategy), PROPERTY_REMEDY);
  }

  /**
   * @param asked what asks for the strategy
   * @param remedy what to do if it does not work
   */
  private Choice tried(Strategy strategy, String reason, String asked, String remedy) {
    if (opener == null) {
      String why = "there is no native library (" + noNativeLibrary + ")";
      throw impossible(asked, why, remedy);
    }
    StrategyProbe.Result result = probe(strategy);
    if (result.failure != null) {
      throw impossible(asked, result.failure, remedy);
    }
    return new Choice(strategy, reason, result.factory);
  }

  /**
   * Chooses for continuations, which the thread that resumes them waits for, and which wait for
   * nothing else: {@code CONTINUATION} where it works, else {@code HANDOFF}, whose carrier is a
   * continuation's own for its whole life, so that it may keep what it has locked. That needs
   * neither a guard nor the native library.
   *
   * @param wanted a strategy, or {@code null} for what the system property {@value #PROPERTY} says
   * @throws IllegalStateException if the wanted strategy does not work here
   */
  public Choice chooseForContinuations(Strategy wanted) {
    if (wanted != null) {
      return chooseAsked(wanted, "the strategy " + wanted, "Ask for another, or for none");
    }
    String name = System.getProperty(PROPERTY, AUTO).trim().toLowerCase(Locale.ROOT);
    if (!name.equals(AUTO)) {
      Strategy forced = named(name);
      return chooseAsked(forced, property(forced), PROPERTY_REMEDY);
    }
    if (opener == null) {
      return ownThread("no native library: " + noNativeLibrary);
    }
    StrategyProbe.Result result = probe(Strategy.CONTINUATION);
    return result.failure == null
        ? new Choice(Strategy.CONTINUATION, "it runs on the caller's own thread", result.factory)
        : ownThread("not " + nameOf(Strategy.CONTINUATION) + ": " + result.failure);
  }

  private Choice chooseAsked(Strategy strategy, String asked, String remedy) {
    String reason = "asked for by " + asked;
    switch (strategy) {
      case INLINE:
        String why = "it suspends nothing, and a continuation has to be suspended";
        throw impossible(asked, why, remedy);
      case HANDOFF:
        return ownThread(reason);
      default:
        return tried(strategy, reason, asked, remedy);
    }
  }

  /**
   * The frame that stands in the way of suspending the calling action.
   *
   * @param pin what {@link SuspendableAction#pin()} said there
   */
  public Optional<StackTraceElement> frameOf(Pin pin) {
    return opener == null ? Optional.empty() : guard().frameOf(pin);
  }

  private static Choice ownThread(String reason) {
    return new Choice(Strategy.HANDOFF, reason, limit -> new HandoffStrategy(null, limit));
  }

  private static IllegalStateException impossible(String asked, String why, String remedy) {
    return new IllegalStateException(
        String.format("%s does not work on Java %s: %s. %s.", asked, javaVersion(), why, remedy));
  }

  private static String property(Strategy strategy) {
    return "-D" + PROPERTY + "=" + nameOf(strategy);
  }

  private static Strategy named(String name) {
    StringJoiner known = new StringJoiner(", ").add(AUTO);
    for (Strategy strategy : Strategy.values()) {
      if (nameOf(strategy).equals(name)) {
        return strategy;
      }
      known.add(nameOf(strategy));
    }
    throw new IllegalStateException(
        "-D" + PROPERTY + "=" + name + " is no strategy. Set it to one of: " + known + ".");
  }

  private static List<Strategy> candidates(OwnerKind owner) {
    switch (owner) {
      case LOOP:
        return List.of(Strategy.VIRTUAL, Strategy.CONTINUATION, Strategy.HANDOFF);
      case THREADED_LOOP:
        return List.of(Strategy.VIRTUAL, Strategy.HANDOFF);
      default:
        return List.of(Strategy.CONTINUATION, Strategy.HANDOFF);
    }
  }

  private synchronized StrategyProbe.Result probe(Strategy strategy) {
    return probes.computeIfAbsent(strategy, tried -> StrategyProbe.run(opening(tried)));
  }

  private Supplier<StrategyFactory> opening(Strategy strategy) {
    switch (strategy) {
      case VIRTUAL:
        return () -> JdkStrategies.virtual(opener, lockStack);
      case CONTINUATION:
        MonitorGuard forContinuations = guard();
        return () -> JdkStrategies.continuation(opener, forContinuations, lockStack);
      default:
        MonitorGuard forCarriers = guard();
        return () -> limit -> new HandoffStrategy(forCarriers, limit);
    }
  }

  private synchronized MonitorGuard guard() {
    if (guard == null) {
      guard = new MonitorGuard(opener);
    }
    return guard;
  }

  private static Choice inline(String reason) {
    return new Choice(
        Strategy.INLINE,
        reason,
        limit -> {
          throw new IllegalStateException("nothing is suspended: " + reason);
        });
  }

  private static String merit(Strategy strategy, OwnerKind owner) {
    switch (strategy) {
      case VIRTUAL:
        return "virtual threads that park under a monitor return control to their owner";
      case CONTINUATION:
        return owner == OwnerKind.MAILBOX
            ? "continuations run actions on the owner's own thread"
            : "continuations work";
      default:
        return "carrier threads work on every Java version";
    }
  }

  private static String nameOf(Strategy strategy) {
    return strategy.name().toLowerCase(Locale.ROOT);
  }

  private static String javaVersion() {
    return System.getProperty("java.version");
  }

  /** A strategy that works here, and why it was chosen. */
  public static final class Choice {
    private final Strategy kind;
    private final String reason;
    private final StrategyFactory factory;

    private Choice(Strategy kind, String reason, StrategyFactory factory) {
      this.kind = kind;
      this.reason = reason;
      this.factory = factory;
    }

    /** The strategy. */
    public Strategy kind() {
      return kind;
    }

    /** Why it was chosen, to be read by people. */
    public String reason() {
      return reason;
    }

    /**
     * Makes an instance for one executor, which closes it.
     *
     * @param ownerWaitLimit how long its owner waits for a slice that runs on another thread before
     *     a warning with both stacks is logged
     * @throws IllegalStateException for {@link Strategy#INLINE}, which suspends nothing
     */
    public SuspensionStrategy newStrategy(Duration ownerWaitLimit) {
      return factory.create(ownerWaitLimit);
    }
  }
}
