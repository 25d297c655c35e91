// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import static java.util.stream.Collectors.toList;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.examples.triage.ModelCall.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Triage over HTTP; the Java 11 of the test matrix has no HTTP server to stand for the models. */
@Tag("java21")
class TriageTest {
  private static final EngineFactory FLINK = EngineFactory.withoutJournal(OperatorEngine::new);

  /** The cluster tells its times in milliseconds. */
  private static final long A_CLOCK_TICK = 2_000_000;

  private final CallLog alone = new CallLog(0);
  private final StubModels models = new StubModels();

  TriageTest() throws IOException {}

  @AfterEach
  void stop() {
    models.close();
  }

  @ParameterizedTest
  @MethodSource("engines")
  void answersNegativeReviewsOnly(EngineFactory engine) throws Exception {
    TriageRun run = triage(engine, "good", "bad", "good");

    assertThat(run.results.stream().map(r -> r.reply().orElse("-")).collect(toList()))
        .containsExactly("-", "sorry", "-");
    assertThat(alone.calls()).hasSize(NearestPrototype.sentences().size());
    assertThat(run.calls)
        .extracting(ModelCall::kind)
        .containsExactlyInAnyOrder(Kind.EMBED, Kind.EMBED, Kind.EMBED, Kind.DRAFT);
    assertThat(run.samples)
        .as("threads that calls held")
        .allSatisfy(sample -> assertThat(sample.held).isZero());
  }

  @ParameterizedTest
  @MethodSource("engines")
  void asksABusyModelAgain(EngineFactory factory) throws Exception {
    Engine engine = engine(factory);
    models.refuse(3, 429);
    TriageRun run = engine.run(reviews("good", "bad"), () -> {});

    assertThat(run.results.get(1).reply()).hasValue("sorry");
    assertThat(run.calls).hasSize(3 + 3);
  }

  @ParameterizedTest
  @MethodSource("engines")
  void givesUpOnAModelThatStaysBusy(EngineFactory factory) throws Exception {
    Engine engine = engine(factory);
    models.refuse(5, 503);
    TriageRun run = engine.run(reviews("good"), () -> {});

    assertThat(run.results.get(0).failure())
        .hasValueSatisfying(m -> assertThat(m).contains("/v1/embeddings: answered 503"));
    assertThat(run.calls).hasSize(5);
  }

  @ParameterizedTest
  @MethodSource("engines")
  void reportsAReviewWithoutAnswerAndGoesOn(EngineFactory engine) throws Exception {
    List<TriagedReview> results = triage(engine, "good", "broken model", "bad").results;

    assertThat(results.get(1).failure())
        .hasValueSatisfying(m -> assertThat(m).startsWith("http").contains("answered 500"));
    assertThat(results.get(2).reply()).hasValue("sorry");
  }

  @Test
  void failsAtOnceIfTheModelRefusesThePrototypes() {
    models.refuse(1, 401);

    assertThatThrownBy(() -> engine(LoopEngine::new))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("/v1/embeddings: answered 401");
  }

  @Test
  void enginesComeToTheSameResults() throws Exception {
    List<Review> sample;
    try (InputStream file = TriageDemo.class.getResourceAsStream("sample-reviews.tsv")) {
      sample = ReviewInput.of("sample", file).reviews();
    }
    TriageRun flink = engine(FLINK).run(sample, () -> {});
    TriageRun loop = engine(LoopEngine::new).run(sample, () -> {});

    assertThat(flink.results).hasSameSizeAs(sample);
    assertThat(TriagedReview.alike(flink.results, loop.results)).isEqualTo(sample.size());
    assertThat(flink.calls).hasSameSizeAs(loop.calls);
  }

  @Test
  void flinkSpreadsReviewsOverSubtasksAndCompletesCheckpoints() throws Exception {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      texts.add("good " + i);
    }
    TriageRun run = triage(FLINK, texts.toArray(new String[0]));

    assertThat(run.calls).extracting(ModelCall::owner).contains(0, 1).containsOnly(0, 1);
    assertThat(run.checkpoints)
        .isNotEmpty()
        .allSatisfy(
            checkpoint ->
                assertThat(checkpoint.end).isBetween(checkpoint.start, run.end + A_CLOCK_TICK));
  }

  private static Stream<Named<EngineFactory>> engines() {
    return Stream.of(Named.of("flink", FLINK), Named.of("loop", LoopEngine::new));
  }

  private TriageRun triage(EngineFactory factory, String... texts) throws Exception {
    AtomicInteger done = new AtomicInteger();
    TriageRun run = engine(factory).run(reviews(texts), done::incrementAndGet);
    assertThat(done).hasValue(texts.length);
    return run;
  }

  private Engine engine(EngineFactory factory) throws InputException {
    try (ModelClient model = new ModelClient(models.endpoint())) {
      NearestPrototype judge = Triage.prepare(model, alone);
      return factory.create(models.endpoint(), judge, 4, Optional.empty());
    }
  }

  private static List<Review> reviews(String... texts) {
    List<Review> reviews = new ArrayList<>();
    for (String text : texts) {
      reviews.add(new Review(reviews.size(), text, 1.0, text));
    }
    return reviews;
  }
}
