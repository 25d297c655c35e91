// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command as a process; the Java 11 of the test matrix has no HTTP server for the models. */
@Tag("java21")
class TriageDemoTest {
  private final StubModels models = new StubModels();

  @TempDir Path folder;

  TriageDemoTest() throws IOException {}

  @AfterEach
  void stop() {
    models.close();
  }

  @Test
  void writesOnePageWithBothTimelines() throws Exception {
    String output = run(0, models.url());

    assertThat(output)
        .contains("the same outcome for 40 of 40 reviews", "sample-reviews.tsv, 40 reviews")
        .containsPattern("page: file:.*triage-flink-\\w+-loop-\\w+\\.html");
    JsonNode engines = TriagePageTest.data(page()).path("engines");
    assertThat(engines).hasSize(2);
    assertThat(engines.get(0).path("title").asText()).startsWith("Flink 2.");
    assertThat(engines.get(0).path("owners")).hasSize(2);
    assertThat(engines.get(0).path("checkpoints")).isNotEmpty();
    assertThat(engines.get(1).path("title").asText()).isEqualTo("ActionLoop");
    assertThat(engines.get(1).path("calls")).hasSameSizeAs(engines.get(0).path("calls"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"flink", "loop"})
  void runsOneEngineAlone(String engine) throws Exception {
    String output = run(0, models.url(), "--engine", engine);

    assertThat(output).doesNotContain("the same outcome");
    assertThat(TriagePageTest.data(page()).path("engines")).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"flink", "loop", "flink,loop"})
  void failsInTheSameWayWhateverRunsTheTriage(String engine) throws Exception {
    Path bad = Files.writeString(folder.resolve("bad.tsv"), "1\t9\tfine\n2\tx\tfine\n");

    assertThat(run(2, models.url(), "--engine", engine, "--input", bad.toString()))
        .contains("bad.tsv: none of its lines is a review; the first of them");
    assertThat(run(2, models.url(), "--engine", engine, "--input", folder + "/none.tsv"))
        .contains("none.tsv: no such file; INPUT names the file to read");
    assertThat(run(1, "http://127.0.0.1:1/v1", "--engine", engine))
        .contains("demo: http://127.0.0.1:1/v1/embeddings: no answer")
        .doesNotContain("at dev.fermata");
  }

  @ParameterizedTest
  @ValueSource(strings = {"flink", "loop"})
  void failsIfNoReviewIsAnswered(String engine) throws Exception {
    Path input = Files.writeString(folder.resolve("in.tsv"), "broken model\nbroken model too\n");

    assertThat(run(1, models.url(), "--engine", engine, "--input", input.toString()))
        .contains("demo: every review failed; the first: http")
        .contains("answered 500");
  }

  private String page() throws IOException {
    try (var files = Files.newDirectoryStream(folder, "*.html")) {
      return Files.readString(files.iterator().next());
    }
  }

  /** What the command wrote, after it ended with this status. */
  private String run(int status, String baseUrl, String... options) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(TriageDemo.class.getName());
    command.add("--out");
    command.add(folder.toString());
    command.addAll(List.of(options));
    Path output = Files.createTempFile(folder, "output", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().putAll(Map.of("OPENAI_BASE_URL", baseUrl, "OPENAI_MODEL", "any"));
    Process process = builder.start();
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
}
