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

/** The agent as a process, on the class paths that the demo's script makes. */
@Tag("java21")
class AgentDemoTest {
  private static final String MAIN = "dev.fermata.examples.triage.AgentDemo";
  private static final int REVIEWS = 4;

  private final StubModels models = new StubModels();

  @TempDir Path folder;
  private Path input;

  AgentDemoTest() throws IOException {}

  @BeforeEach
  void writeReviews() throws IOException {
    input = Files.writeString(folder.resolve("in.tsv"), "good\nbad\nbroken model\nbad too\n");
  }

  @AfterEach
  void stop() {
    models.close();
  }

  @Test
  void callsOverlapWithTheDropIn() throws Exception {
    models.answerOnceSoManyAsk(REVIEWS);
    DemoProcess demo = upstream().withFirst(System.getProperty("fermata.test.drop-in"));
    String output = demo.run(0, models.url(), "--input", input.toString());

    assertThat(output)
        .contains("Flink Agents with the drop-in", "the executor is from fermata-flink-agents-");
    assertThat(figure(demo.page(), "most in flight")).isEqualTo(String.valueOf(REVIEWS));
    assertOutcome(demo.page());
  }

  @Test
  void nothingOverlapsWithoutTheDropIn() throws Exception {
    DemoProcess demo = upstream();
    String output = demo.run(0, models.url(), "--input", input.toString());

    assertThat(output)
        .contains("Flink Agents by itself", "the drop-in is NOT in use", "flink-agents-dist");
    assertThat(figure(demo.page(), "most in flight")).isEqualTo("1");
    assertOutcome(demo.page());
  }

  @Test
  void asksABusyModelAgain() throws Exception {
    models.refuseReviews(2, 429);
    DemoProcess demo = upstream().withFirst(System.getProperty("fermata.test.drop-in"));
    demo.run(0, models.url(), "--input", input.toString());

    assertThat(figure(demo.page(), "model calls")).isEqualTo(String.valueOf(REVIEWS + 2 + 2));
    assertOutcome(demo.page());
  }

  private DemoProcess upstream() {
    return new DemoProcess(MAIN, folder).withLast(System.getProperty("fermata.test.flink-agents"));
  }

  private static void assertOutcome(JsonNode page) {
    JsonNode reviews = page.path("reviews");
    assertThat(reviews).hasSize(REVIEWS);
    assertThat(reviews.get(0).path("positive").asBoolean()).isTrue();
    assertThat(reviews.get(1).path("reply").asText()).isEqualTo("sorry");
    assertThat(reviews.get(2).path("failure").asText()).startsWith("http").contains("500");
    assertThat(reviews.get(3).path("reply").asText()).isEqualTo("sorry");
  }

  private static String figure(JsonNode page, String label) {
    for (JsonNode row : page.at("/engines/0/rows")) {
      if (row.get(0).asText().equals(label)) {
        return row.get(1).asText();
      }
    }
    throw new AssertionError("no figure " + label);
  }
}
