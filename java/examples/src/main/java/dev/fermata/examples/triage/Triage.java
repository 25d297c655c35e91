// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import static dev.fermata.examples.triage.ModelCall.Kind.DRAFT;
import static dev.fermata.examples.triage.ModelCall.Kind.EMBED;

import dev.fermata.examples.triage.ModelCall.Kind;
import dev.fermata.examples.triage.NearestPrototype.Judgement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Triage of reviews: embed each, judge it, draft a reply to a negative one; written as if model
 * calls were quick. What waiting means is the engine's business: see {@link TriageScope}. Any
 * number of triages may be under way at once.
 */
final class Triage {
  private static final int ATTEMPTS = 5;
  private static final String INSTRUCTION =
      "You answer customer reviews for the maker of the product. Write a reply of two or three"
          + " sentences to the following review: kind, specific and without promises.";

  private final ModelClient model;
  private final NearestPrototype judge;
  private final CallLog calls;

  /**
   * @param calls notes the calls that are made
   */
  Triage(ModelClient model, NearestPrototype judge, CallLog calls) {
    this.model = model;
    this.judge = judge;
    this.calls = calls;
  }

  /**
   * Asks the model for the prototypes' embeddings, one after another.
   *
   * @param calls notes these calls
   * @throws ModelException if the model gives no answer
   */
  static NearestPrototype prepare(ModelClient model, CallLog calls) {
    TriageScope scope = new BlockingScope();
    List<float[]> embeddings = new ArrayList<>();
    List<String> sentences = NearestPrototype.sentences();
    for (int i = 0; i < sentences.size(); i++) {
      String sentence = sentences.get(i);
      embeddings.add(ask(scope, calls, EMBED, i, float[].class, () -> model.embed(sentence)));
    }
    return new NearestPrototype(embeddings);
  }

  /** What becomes of a review; one whose model gives no answer has failed. */
  TriagedReview triage(TriageScope scope, Review review) {
    try {
      Judgement judgement = judge(scope, review);
      return judgement.positive()
          ? TriagedReview.judged(review, judgement)
          : TriagedReview.replied(review, judgement, reply(scope, review));
    } catch (ModelException | IllegalArgumentException e) {
      return TriagedReview.failed(review, e);
    }
  }

  private Judgement judge(TriageScope scope, Review review) {
    Supplier<CompletableFuture<float[]>> request = () -> model.embed(review.text());
    return judge.judge(ask(scope, calls, EMBED, review.index(), float[].class, request));
  }

  private String reply(TriageScope scope, Review review) {
    Supplier<CompletableFuture<String>> request = () -> model.chat(INSTRUCTION, review.text());
    return ask(scope, calls, DRAFT, review.index(), String.class, request);
  }

  /** A busy model is asked again after the pause that it asked for; the triage waits that long. */
  private static <T> T ask(
      TriageScope scope,
      CallLog calls,
      Kind kind,
      int review,
      Class<T> type,
      Supplier<CompletableFuture<T>> request) {
    String name = kind.name().toLowerCase(Locale.ROOT);
    Supplier<CompletableFuture<T>> noted = calls.noted(kind, review, request);
    for (int attempt = 1; attempt < ATTEMPTS; attempt++) {
      Answer<T> answer = calls.asked(() -> scope.call(name, type, () -> Answer.to(noted.get())));
      if (answer.pause().isEmpty()) {
        return answer.value();
      }
      scope.sleep(answer.pause().get());
    }
    return calls
        .asked(() -> scope.call(name, type, () -> noted.get().thenApply(Answer::of)))
        .value();
  }
}
