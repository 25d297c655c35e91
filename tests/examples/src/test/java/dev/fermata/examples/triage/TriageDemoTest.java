// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
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
  private DemoProcess demo;

  TriageDemoTest() throws IOException {}

  @BeforeEach
  void prepare() {
    demo = new DemoProcess(TriageDemo.class.getName(), folder);
  }

  @AfterEach
  void stop() {
    models.close();
  }

  @Test
  void writesOnePageWithBothTimelines() throws Exception {
    String output = demo.run(0, models.url());

    assertThat(output)
        .contains("the same outcome for 40 of 40 reviews", "sample-reviews.tsv, 40 reviews")
        .containsPattern("page: file:.*triage-flink-\\w+-loop-\\w+\\.html");
    JsonNode engines = demo.page().path("engines");
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
    String output = demo.run(0, models.url(), "--engine", engine);

    assertThat(output).doesNotContain("the same outcome");
    assertThat(demo.page().path("engines")).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"flink", "loop", "flink,loop"})
  void failsInTheSameWayWhateverRunsTheTriage(String engine) throws Exception {
    Path bad = Files.writeString(folder.resolve("bad.tsv"), "1\t9\tfine\n2\tx\tfine\n");

    assertThat(demo.run(2, models.url(), "--engine", engine, "--input", bad.toString()))
        .contains("bad.tsv: none of its lines is a review; the first of them");
    assertThat(demo.run(2, models.url(), "--engine", engine, "--input", folder + "/none.tsv"))
        .contains("none.tsv: no such file; INPUT names the file to read");
    assertThat(demo.run(1, "http://127.0.0.1:1/v1", "--engine", engine))
        .contains("demo: http://127.0.0.1:1/v1/embeddings: no answer")
        .doesNotContain("at dev.fermata");
  }

  @Test
  void namesTheEnginesThereAre() throws Exception {
    assertThat(demo.run(2, models.url(), "--engine", "spark"))
        .contains("demo: no engine is called \"spark\"; there are flink, loop");
  }

  @ParameterizedTest
  @ValueSource(strings = {"flink", "loop"})
  void failsIfNoReviewIsAnswered(String engine) throws Exception {
    Path input = Files.writeString(folder.resolve("in.tsv"), "broken model\nbroken model too\n");

    assertThat(demo.run(1, models.url(), "--engine", engine, "--input", input.toString()))
        .contains("demo: every review failed; the first: http")
        .contains("answered 500");
  }
}
