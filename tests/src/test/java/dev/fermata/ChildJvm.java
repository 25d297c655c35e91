// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A process of the same JDK, unless another is named, with {@code -Xcheck:jni}, on a part of this
 * one's class path.
 */
public final class ChildJvm {
  private final List<String> starter = new ArrayList<>();
  private final List<String> options = new ArrayList<>();
  private final List<String> added = new ArrayList<>();
  private String home = System.getProperty("java.home");
  private Predicate<String> onClassPath = element -> true;

  /** Runs on another JDK of the matrix, by its feature version. */
  public ChildJvm on(int version) {
    home = System.getenv("JAVA_HOME_" + version);
    if (home == null) {
      throw new AssertionError(
          "JAVA_HOME_" + version + " is not set: run the tests by 'make test'");
    }
    return this;
  }

  public ChildJvm with(String... jvmOptions) {
    options.addAll(Arrays.asList(jvmOptions));
    return this;
  }

  /** Leaves out the class path elements whose file name begins with one of {@code prefixes}. */
  public ChildJvm without(String... prefixes) {
    onClassPath =
        element -> Arrays.stream(prefixes).noneMatch(new File(element).getName()::startsWith);
    return this;
  }

  /** Puts a file or folder before the class path. */
  public ChildJvm plus(Path element) {
    added.add(element.toString());
    return this;
  }

  /** Lets another program start the JVM, such as one that changes what the process may do. */
  public ChildJvm startedBy(String... program) {
    starter.addAll(Arrays.asList(program));
    return this;
  }

  /** Runs {@code main} to its end and returns what it wrote to standard output and error. */
  public String run(Class<?> main, String... arguments) throws Exception {
    Path file = Files.createTempFile("child-", ".txt");
    Process process =
        new ProcessBuilder(command(main, arguments))
            .redirectErrorStream(true)
            .redirectOutput(file.toFile())
            .start();
    try {
      boolean ended = process.waitFor(100, TimeUnit.SECONDS);
      String output = Files.readString(file);
      if (!ended || process.exitValue() != 0 || output.contains(" in native method:")) {
        throw new AssertionError(main.getName() + " failed:\n" + output);
      }
      return output;
    } finally {
      process.destroyForcibly();
      Files.delete(file);
    }
  }

  /** Starts {@code main}, for the caller to end, and to read what it writes. */
  public Process start(Class<?> main, String... arguments) throws IOException {
    return new ProcessBuilder(command(main, arguments)).redirectErrorStream(true).start();
  }

  private List<String> command(Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>(starter);
    command.add(home + "/bin/java");
    command.add("-Xcheck:jni");
    // A run of a second: compiling more thoroughly takes longer than it saves.
    command.add("-XX:TieredStopAtLevel=1");
    command.addAll(options);
    command.add("-cp");
    command.add(
        Stream.concat(
                added.stream(),
                Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                    // Its manifest would bring back what is left out.
                    .filter(element -> !new File(element).getName().startsWith("fermata-examples"))
                    .filter(onClassPath))
            .collect(Collectors.joining(File.pathSeparator)));
    command.add(main.getName());
    command.addAll(Arrays.asList(arguments));
    return command;
  }
}
