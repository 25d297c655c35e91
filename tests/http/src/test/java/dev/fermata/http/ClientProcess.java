// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A process of the same JDK with {@code -Xcheck:jni}, on this one's class path. */
public final class ClientProcess {
  private final List<String> options =
      new ArrayList<>(List.of("-Xcheck:jni", "-XX:TieredStopAtLevel=1"));
  private final Map<String, String> variables = new HashMap<>();

  public ClientProcess with(String... jvmOptions) {
    options.addAll(Arrays.asList(jvmOptions));
    return this;
  }

  /** Sets an environment variable; those that name certificates are not passed on by themselves. */
  public ClientProcess where(String variable, Path value) {
    variables.put(variable, value.toString());
    return this;
  }

  /** Runs {@code main} to its end and returns the lines that it wrote. */
  public List<String> run(Class<?> main, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/java");
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(Arrays.asList(arguments));
    Path output = Files.createTempFile("client-", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().keySet().removeAll(List.of("SSL_CERT_FILE", "SSL_CERT_DIR"));
    builder.environment().putAll(variables);
    Process process = builder.start();
    try {
      boolean ended = process.waitFor(60, TimeUnit.SECONDS);
      String text = Files.readString(output);
      if (!ended || process.exitValue() != 0 || text.contains(" in native method:")) {
        throw new AssertionError(main.getName() + " failed:\n" + text);
      }
      return Arrays.asList(text.split("\n"));
    } finally {
      process.destroyForcibly();
      Files.delete(output);
    }
  }
}
