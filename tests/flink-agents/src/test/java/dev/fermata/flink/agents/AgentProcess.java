// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

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

/**
 * The job of {@link AskingAgent} in a JVM of its own, with options and on a class path of its own.
 */
public final class AgentProcess {
  private static final int EVENTS = 5;

  private final List<String> options = new ArrayList<>();
  private List<String> classPath =
      Arrays.asList(System.getProperty("java.class.path").split(File.pathSeparator));

  AgentProcess with(String option) {
    options.add(option);
    return this;
  }

  /** With the jar of the drop-in as {@code -javaagent}. */
  AgentProcess withJavaAgent() {
    return with("-javaagent:" + jar("fermata-flink-agents"));
  }

  /** With a class in place of the one that the class path has, if it has one. */
  AgentProcess withClass(Path folder, String name, byte[] content) throws IOException {
    Path file = folder.resolve(name + ".class");
    Files.createDirectories(file.getParent());
    Files.write(file, content);
    classPath = new ArrayList<>(classPath);
    classPath.add(0, folder.toString());
    return this;
  }

  AgentProcess withOnly(String prefix) {
    classPath = classPath.stream().filter(beginsWith(prefix)).collect(Collectors.toList());
    return this;
  }

  AgentProcess without(String prefix) {
    classPath = classPath.stream().filter(beginsWith(prefix).negate()).collect(Collectors.toList());
    return this;
  }

  AgentProcess withLast(String prefix) {
    List<String> last = classPath.stream().filter(beginsWith(prefix)).collect(Collectors.toList());
    without(prefix);
    classPath.addAll(last);
    return this;
  }

  /** The first element of this JVM's class path whose name begins so. */
  static Path jar(String prefix) {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(beginsWith(prefix))
        .map(Path::of)
        .findFirst()
        .orElseThrow();
  }

  private static Predicate<String> beginsWith(String prefix) {
    return element -> new File(element).getName().startsWith(prefix);
  }

  /** Runs the job and returns all that the process wrote. */
  String run() throws Exception {
    return run(AgentProcess.class, 0);
  }

  String run(Class<?> main, int status) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/java");
    // A run of seconds: compiling more thoroughly takes longer than it saves.
    command.add("-XX:TieredStopAtLevel=1");
    command.addAll(options);
    command.add("-cp");
    command.add(String.join(File.pathSeparator, classPath));
    command.add(main.getName());
    Path file = Files.createTempFile("agent-", ".txt");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(file.toFile()).start();
    try {
      boolean ended = process.waitFor(300, TimeUnit.SECONDS);
      String output = Files.readString(file);
      if (!ended || process.exitValue() != status) {
        throw new AssertionError(main.getName() + " failed:\n" + output);
      }
      return output;
    } finally {
      process.destroyForcibly();
      Files.delete(file);
    }
  }

  /**
   * Runs the job.
   *
   * @param arguments none
   * @throws Exception if it fails
   */
  public static void main(String[] arguments) throws Exception {
    // Calls wait for others only where there can be others.
    Calls.reset(Boolean.getBoolean("together") ? EVENTS : 0);
    List<String> outputs = new AgentJob(new AskingAgent(), EVENTS).on("hashmap").run();
    System.out.println("most in flight: " + Calls.mostInFlight());
    System.out.println("outputs: " + outputs.stream().distinct().count());
    System.exit(0);
  }
}
