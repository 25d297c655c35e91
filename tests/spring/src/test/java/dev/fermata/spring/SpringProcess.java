// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process of the same JDK with {@code -Xcheck:jni}, on this one's class path. */
final class SpringProcess {
  private final List<String> options =
      new ArrayList<>(List.of("-Xcheck:jni", "-XX:TieredStopAtLevel=1"));

  SpringProcess with(String... jvmOptions) {
    options.addAll(Arrays.asList(jvmOptions));
    return this;
  }

  /** Runs {@code main} to its end and returns the lines that it wrote. */
  List<String> run(Class<?> main, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/java");
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(Arrays.asList(arguments));
    Path output = Files.createTempFile("spring-", ".txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      boolean ended = process.waitFor(150, TimeUnit.SECONDS);
      String text = Files.readString(output);
      if (!ended || process.exitValue() != 0 || text.contains(" in native method:")) {
        throw new AssertionError(main.getName() + " failed:\n" + text);
      }
      return text.lines().toList();
    } finally {
      process.destroyForcibly();
      Files.delete(output);
    }
  }
}
