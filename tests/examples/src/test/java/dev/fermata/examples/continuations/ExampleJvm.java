// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.continuations;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** An example as a process of a JDK, on the class path of the tests. */
final class ExampleJvm {
  private final String home;

  /** Of the JDK that runs the tests. */
  ExampleJvm() {
    this(System.getProperty("java.home"));
  }

  ExampleJvm(String home) {
    this.home = home;
  }

  /** What the example printed, when it has ended. */
  List<String> run(Class<?> example, String... arguments) throws Exception {
    Path output = Files.createTempFile("example", ".txt");
    Path errors = Files.createTempFile("example", ".err");
    Process process =
        command(example, arguments)
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile())
            .start();
    try {
      boolean ended = process.waitFor(1, TimeUnit.MINUTES);
      assertThat(ended && process.exitValue() == 0).as(Files.readString(errors)).isTrue();
      return Files.readAllLines(output);
    } finally {
      process.destroyForcibly();
      Files.delete(output);
      Files.delete(errors);
    }
  }

  /** The example, for the caller to end. */
  Process start(Class<?> example, String... arguments) throws IOException {
    return command(example, arguments).redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }

  private ProcessBuilder command(Class<?> example, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(home, "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(example.getName());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command);
  }
}
