// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import static dev.fermata.examples.triage.ModelCall.Kind.DRAFT;
import static dev.fermata.examples.triage.ModelCall.Kind.EMBED;

import dev.fermata.ActionLoop;
import dev.fermata.ActionScope;
import dev.fermata.examples.triage.NearestPrototype.Judgement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/**
 * Triage of reviews: each review is one action, written as if its model calls were quick. All
 * actions run on the thread of one {@link ActionLoop}; while one of them waits for a model, the
 * others go on.
 */
final class Triage {
  private static final int ATTEMPTS = 5;
  private static final String INSTRUCTION =
      "You answer customer reviews for the maker of the product. Write a reply of two or three"
          + " sentences to the following review: kind, specific and without promises.";

  private final ActionLoop loop;
  private final ModelClient model;
  private final CallLog calls;
  private final NearestPrototype judge;

  private Triage(ActionLoop loop, ModelClient model, CallLog calls, NearestPrototype judge) {
    this.loop = loop;
    this.model = model;
    this.calls = calls;
    this.judge = judge;
  }

  /**
   * Asks the model for the prototypes' embeddings, one after another, and waits for them.
   *
   * @param callsAlone notes these calls
   * @param calls notes the calls made for reviews
   * @throws ExecutionException if the model gives no answer
   */
  static Triage prepare(ActionLoop loop, ModelClient model, CallLog callsAlone, CallLog calls)
      throws ExecutionException, InterruptedException {
    List<float[]> embeddings =
        loop.submit(scope -> embedPrototypes(scope, model, callsAlone)).get();
    return new Triage(loop, model, calls, new NearestPrototype(embeddings));
  }

  private static List<float[]> embedPrototypes(
      ActionScope scope, ModelClient model, CallLog callsAlone) {
    List<float[]> embeddings = new ArrayList<>();
    List<String> sentences = NearestPrototype.sentences();
    for (int i = 0; i < sentences.size(); i++) {
      String sentence = sentences.get(i);
      embeddings.add(ask(scope, callsAlone.noted(EMBED, i, () -> model.embed(sentence))));
    }
    return embeddings;
  }

  /**
   * Runs one action for each review and waits for all. A review whose model gives no answer is
   * among the results as failed.
   *
   * @param done called after each review, on any thread
   * @return the results, in the order of the reviews
   */
  List<TriagedReview> run(List<Review> reviews, Runnable done)
      throws ExecutionException, InterruptedException {
    List<CompletableFuture<TriagedReview>> results = new ArrayList<>();
    for (int i = 0; i < reviews.size(); i++) {
      int index = i;
      Review review = reviews.get(i);
      results.add(
          loop.submit(scope -> triage(scope, index, review))
              .exceptionally(failure -> TriagedReview.failed(review, cause(failure)))
              .whenComplete((result, failure) -> done.run()));
    }
    List<TriagedReview> triaged = new ArrayList<>();
    for (CompletableFuture<TriagedReview> result : results) {
      triaged.add(result.get());
    }
    return triaged;
  }

  private TriagedReview triage(ActionScope scope, int index, Review review) {
    float[] embedding = ask(scope, calls.noted(EMBED, index, () -> model.embed(review.text())));
    Judgement judgement = judge.judge(embedding);
    if (judgement.positive()) {
      return TriagedReview.judged(review, judgement);
    }
    String reply =
        ask(scope, calls.noted(DRAFT, index, () -> model.chat(INSTRUCTION, review.text())));
    return TriagedReview.replied(review, judgement, reply);
  }

  /** A busy model is asked again after the pause that it asked for; the action waits that long. */
  private static <T> T ask(ActionScope scope, Supplier<T> call) {
    for (int attempt = 1; ; attempt++) {
      try {
        return scope.call(call);
      } catch (ModelException e) {
        if (e.retryAfter().isEmpty() || attempt == ATTEMPTS) {
          throw e;
        }
        scope.sleep(e.retryAfter().get());
      }
    }
  }

  private static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }
}
