// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

import dev.fermata.internal.execution.Executions;
import dev.fermata.internal.execution.ExecutorOptions;
import dev.fermata.internal.loader.ClassesVersion;
import dev.fermata.internal.loader.NativeLibrary;
import dev.fermata.internal.strategy.Strategies;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * What Fermata found in this process: its version, the native library, the strategy of each kind of
 * owner and why, and its default limits. For programs by the accessors, for people by {@link
 * #toString()} or on the command line:
 *
 * <pre>{@code java -cp <the program's class path> dev.fermata.FermataInfo}</pre>
 *
 * <p>Immutable. Finding out throws nothing: what would make an executor's creation fail is told
 * here as the reason.
 */
public final class FermataInfo {
  private final String version;
  private final Path libraryPath;
  private final String libraryVersion;
  private final String libraryFailure;
  private final Map<OwnerKind, Strategy> strategies = new EnumMap<>(OwnerKind.class);
  private final Map<OwnerKind, String> reasons = new EnumMap<>(OwnerKind.class);

  private FermataInfo(String version, NativeLibrary.Status library, String libraryFailure) {
    this.version = version;
    this.libraryPath = library == null ? null : library.path();
    this.libraryVersion = library == null ? null : library.version();
    this.libraryFailure = libraryFailure;
    for (OwnerKind kind : OwnerKind.values()) {
      try {
        Strategies.Choice choice = Executions.choose(kind);
        strategies.put(kind, choice.kind());
        reasons.put(kind, choice.reason());
      } catch (FermataException | IllegalStateException | IllegalArgumentException impossible) {
        reasons.put(kind, impossible.getMessage());
      }
    }
  }

  /**
   * Finds out. The first use in a process loads the native library and tries strategies out, as the
   * first executor would: some hundred milliseconds, some ten seconds at most.
   *
   * @return what holds in this process
   */
  public static FermataInfo current() {
    String version;
    try {
      version = ClassesVersion.read();
    } catch (IOException unknown) {
      version = "of unknown version (" + unknown.getMessage() + ")";
    }
    try {
      NativeLibrary.Status library = NativeLibrary.load();
      return new FermataInfo(version, library, library.isLoaded() ? null : library.toString());
    } catch (FermataException | IllegalArgumentException refused) {
      return new FermataInfo(version, null, refused.getMessage());
    }
  }

  /**
   * Prints what holds for the class path and the options of this command line.
   *
   * @param arguments none
   */
  public static void main(String[] arguments) {
    System.out.println(current());
  }

  /**
   * Returns the version of Fermata's classes.
   *
   * @return such as {@code 0.1.0}
   */
  public String version() {
    return version;
  }

  /**
   * Returns the file that the native library was loaded from: a private copy, deleted already,
   * unless {@code -Dfermata.native.path} names it.
   *
   * @return the file, or empty if the library is not loaded
   */
  public Optional<Path> nativeLibraryPath() {
    return Optional.ofNullable(libraryPath);
  }

  /**
   * Returns the version of the native library.
   *
   * @return the version, or empty if the library is not loaded
   */
  public Optional<String> nativeLibraryVersion() {
    return Optional.ofNullable(libraryVersion);
  }

  /**
   * Returns why the native library is not loaded.
   *
   * @return the reason and the remedy, or empty if it is loaded
   */
  public Optional<String> nativeLibraryFailure() {
    return Optional.ofNullable(libraryFailure);
  }

  /**
   * Returns the strategy of executors whose owner is of a kind.
   *
   * @param kind the kind of owner
   * @return the strategy, or empty if such an executor cannot be made
   */
  public Optional<Strategy> strategy(OwnerKind kind) {
    return Optional.ofNullable(strategies.get(kind));
  }

  /**
   * Returns why executors of a kind of owner have their strategy, and why not a better one.
   *
   * @param kind the kind of owner
   * @return the reason, to be read by people
   */
  public String reason(OwnerKind kind) {
    return reasons.get(kind);
  }

  /**
   * Returns how many calls of one executor may wait for a worker, unless its builder says
   * otherwise.
   *
   * @return a number of calls
   */
  public int defaultQueueCapacity() {
    return ExecutorOptions.DEFAULT_QUEUE_CAPACITY;
  }

  /**
   * Returns how many calls and sleeps of one executor may be open at once, unless its builder says
   * otherwise.
   *
   * @return a number of calls
   */
  public int defaultMaxCalls() {
    return ExecutorOptions.DEFAULT_MAX_CALLS;
  }

  /** Returns all of it, a fact a line. */
  @Override
  public String toString() {
    StringJoiner lines = new StringJoiner(System.lineSeparator());
    lines.add(
        String.format(
            "Fermata %s, Java %s (%s), %s %s",
            version,
            System.getProperty("java.version"),
            System.getProperty("java.vendor"),
            System.getProperty("os.name"),
            System.getProperty("os.arch")));
    lines.add(
        libraryFailure == null
            ? "Native library " + libraryVersion + " from " + libraryPath
            : libraryFailure);
    for (OwnerKind kind : OwnerKind.values()) {
      lines.add(
          String.format(
              "Owners of kind %s: %s (%s)",
              kind, strategy(kind).map(Strategy::name).orElse("no executor"), reason(kind)));
    }
    lines.add(
        String.format(
            Locale.ROOT,
            "Default limits of an executor: %,d calls that wait for a worker, %,d open calls and"
                + " sleeps",
            defaultQueueCapacity(),
            defaultMaxCalls()));
    return lines.toString();
  }
}
