// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** A process of the same JDK, on a part of this one's class path. */
public final class ChildJvm {
  private final List<String> options = new ArrayList<>();
  private Predicate<String> onClassPath = element -> true;

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

  /** Runs {@code main} to its end and returns what it wrote to standard output and error. */
  public String run(Class<?> main) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/java");
    command.addAll(options);
    command.add("-cp");
    command.add(
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(onClassPath)
            .collect(Collectors.joining(File.pathSeparator)));
    command.add(main.getName());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new AssertionError(main.getName() + " failed:\n" + output);
    }
    return output;
  }
}
