// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs a demo as a process that asks models at some address and writes into a folder. */
final class DemoProcess {
  private final String main;
  private final Path folder;
  private final List<String> classPath = new ArrayList<>();

  DemoProcess(String main, Path folder) {
    this.main = main;
    this.folder = folder;
    classPath.addAll(
        Arrays.asList(System.getProperty("java.class.path").split(File.pathSeparator)));
  }

  DemoProcess withFirst(String jar) {
    classPath.add(0, jar);
    return this;
  }

  DemoProcess withLast(String jar) {
    classPath.add(jar);
    return this;
  }

  /** What the command wrote, after it ended with this status. */
  String run(int status, String baseUrl, String... options) throws Exception {
    Path output = Files.createTempFile(folder, "output", ".txt");
    Process process = start(output, baseUrl, options);
    try {
      boolean ended = process.waitFor(2, TimeUnit.MINUTES);
      String text = Files.readString(output);
      assertThat(ended).as(text).isTrue();
      assertThat(process.exitValue()).as(text).isEqualTo(status);
      return text;
    } finally {
      process.destroyForcibly();
    }
  }

  /** Starts the command, which writes into a file. */
  Process start(Path output, String baseUrl, String... options) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-cp");
    command.add(String.join(File.pathSeparator, classPath));
    command.add(main);
    command.add("--out");
    command.add(folder.toString());
    command.addAll(List.of(options));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().putAll(Map.of("OPENAI_BASE_URL", baseUrl, "OPENAI_MODEL", "any"));
    return builder.start();
  }

  /** What the one page in the folder has to draw. */
  JsonNode page() throws Exception {
    try (DirectoryStream<Path> pages = Files.newDirectoryStream(folder, "*.html")) {
      return TriagePageTest.data(Files.readString(pages.iterator().next()));
    }
  }
}
