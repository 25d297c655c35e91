// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import static java.util.stream.Collectors.toList;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionLoop;
import dev.fermata.examples.triage.ModelCall.Kind;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Triage over HTTP; the Java 11 of the test matrix has no HTTP server to stand for the models. */
@Tag("java21")
class TriageTest {
  private final CallLog alone = new CallLog();
  private final CallLog calls = new CallLog();
  private final StubModels models = new StubModels();

  TriageTest() throws IOException {}

  @AfterEach
  void stop() {
    models.close();
  }

  @Test
  void answersNegativeReviewsOnly() throws Exception {
    List<TriagedReview> results = triage("good", "bad", "good");

    assertThat(results.stream().map(r -> r.reply().orElse("-")).collect(toList()))
        .containsExactly("-", "sorry", "-");
    assertThat(alone.calls()).hasSize(NearestPrototype.sentences().size());
    assertThat(calls.calls())
        .extracting(ModelCall::kind)
        .containsExactlyInAnyOrder(Kind.EMBED, Kind.EMBED, Kind.EMBED, Kind.DRAFT);
  }

  @Test
  void asksABusyModelAgain() throws Exception {
    models.refuse(3, 429);

    assertThat(triage("good", "bad").get(1).reply()).hasValue("sorry");
    assertThat(alone.calls()).hasSize(NearestPrototype.sentences().size() + 3);
  }

  @Test
  void reportsAReviewWithoutAnswerAndGoesOn() throws Exception {
    List<TriagedReview> results = triage("good", "broken model", "bad");

    assertThat(results.get(1).failure()).hasValueSatisfying(m -> assertThat(m).contains("500"));
    assertThat(results.get(2).reply()).hasValue("sorry");
  }

  @Test
  void failsAtOnceIfTheModelRefusesThePrototypes() {
    models.refuse(1, 401);

    assertThatThrownBy(() -> triage("good"))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("/v1/embeddings: answered 401");
  }

  private List<TriagedReview> triage(String... texts) throws Exception {
    List<Review> reviews =
        List.of(texts).stream().map(text -> new Review(text, 1.0, text)).collect(toList());
    AtomicInteger done = new AtomicInteger();
    try (ActionLoop loop = ActionLoop.builder().asyncThreads(4).maxActions(4).build()) {
      List<TriagedReview> results =
          Triage.prepare(loop, models.client(), alone, calls).run(reviews, done::incrementAndGet);
      assertThat(done).hasValue(texts.length);
      return results;
    }
  }
}
