// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command with a journal, killed and started again. */
@Tag("java21")
class JournalDemoTest {
  private static final int REVIEWS = 30;
  private static final int ANSWERED = 12;
  private static final int IN_FLIGHT = 4;

  private final StubModels models = new StubModels();

  @TempDir Path folder;
  private DemoProcess demo;
  private Path input;

  JournalDemoTest() throws IOException {}

  /** Every third review is bad, and gets a draft. */
  @BeforeEach
  void prepare() throws IOException {
    demo = new DemoProcess(TriageDemo.class.getName(), folder);
    List<String> lines =
        IntStream.range(0, REVIEWS)
            .mapToObj(i -> (i % 3 == 0 ? "bad" : "good") + " as number " + i + ".")
            .collect(Collectors.toList());
    input = Files.write(folder.resolve("in.tsv"), lines);
  }

  @AfterEach
  void stop() {
    models.close();
  }

  @Test
  void aCallWhoseAnswerIsInTheJournalIsNotMadeAgain() throws Exception {
    models.answerOnly(ANSWERED, IN_FLIGHT);
    Process killed = demo.start(folder.resolve("killed.txt"), models.url(), options(input));
    // Each action has begun a call after those that were answered, so these are in the journal.
    assertThat(models.awaitHeld()).isTrue();
    killed.destroyForcibly();
    assertThat(killed.waitFor(1, TimeUnit.MINUTES)).isTrue();
    List<String> first = models.embedded();
    int firstDrafts = models.drafts();
    assertThat(first).hasSize(ANSWERED);
    assertThat(firstDrafts).isPositive();

    models.answerOnly(Integer.MAX_VALUE, 0);
    String output = demo.run(0, models.url(), options(input));

    List<String> second = models.embedded().subList(ANSWERED, models.embedded().size());
    assertThat(second).doesNotContainAnyElementsOf(first).doesNotHaveDuplicates();
    assertThat(models.drafts()).isEqualTo(REVIEWS / 3);
    assertThat(figure(output, "replayed")).isEqualTo(ANSWERED + firstDrafts);
    assertThat(figure(output, "model calls"))
        .isEqualTo(REVIEWS - ANSWERED + REVIEWS / 3 - firstDrafts);
    assertThat(figure(output, "reviews")).isEqualTo(REVIEWS);

    assertThat(demo.run(0, models.url(), options(input)))
        .as("all is done, so that the next run is a new one")
        .doesNotContain("replayed");
  }

  @Test
  void aJournalOfOtherReviewsIsRefused() throws Exception {
    models.answerOnly(ANSWERED, IN_FLIGHT);
    Process killed = demo.start(folder.resolve("killed.txt"), models.url(), options(input));
    assertThat(models.awaitHeld()).isTrue();
    killed.destroyForcibly();
    assertThat(killed.waitFor(1, TimeUnit.MINUTES)).isTrue();

    models.answerOnly(Integer.MAX_VALUE, 0);
    Path other = Files.writeString(folder.resolve("other.tsv"), "another review\n");

    assertThat(demo.run(2, models.url(), options(other)))
        .contains("demo: the journal in ", "review-0", "or another JOURNAL")
        .doesNotContain("at dev.fermata");
  }

  @Test
  void aJournalThatCannotBeOpenedIsNamed() throws Exception {
    Path file = Files.writeString(folder.resolve("journal"), "no folder");

    assertThat(demo.run(1, models.url(), options(input)))
        .contains("demo: ", file.toString())
        .doesNotContain("at dev.fermata");
  }

  @Test
  void anEngineWithoutJournalSaysSo() throws Exception {
    assertThat(demo.run(2, models.url(), "--engine", "flink", "--journal", folder + "/journal"))
        .contains("demo: a journal is kept by the engine loop alone");
  }

  private String[] options(Path reviews) {
    return new String[] {
      "--input", reviews.toString(),
      "--journal", folder.resolve("journal").toString(),
      "--in-flight", String.valueOf(IN_FLIGHT)
    };
  }

  private static int figure(String output, String label) {
    Matcher row = Pattern.compile("^  " + label + " +(\\d+)", Pattern.MULTILINE).matcher(output);
    assertThat(row.find()).as(output).isTrue();
    return Integer.parseInt(row.group(1));
  }
}
