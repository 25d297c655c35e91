// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import dev.fermata.ActionLoop;
import dev.fermata.ActionScope;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;

/** How the triage of a review becomes an action of a loop. Closed after the loop. */
interface LoopActions extends AutoCloseable {
  /** Begins an action that triages the review, in the scope that it is given. */
  CompletableFuture<TriagedReview> start(
      ActionLoop loop, Review review, Function<TriageScope, TriagedReview> triage);

  /** All of these have been triaged, and the results are there. */
  void finished(List<Review> reviews);

  @Override
  void close();

  /** Actions that remember nothing. */
  static LoopActions plain() {
    return new LoopActions() {
      @Override
      public CompletableFuture<TriagedReview> start(
          ActionLoop loop, Review review, Function<TriageScope, TriagedReview> triage) {
        return loop.submit(scope -> triage.apply(new LoopScope(scope)));
      }

      @Override
      public void finished(List<Review> reviews) {}

      @Override
      public void close() {}
    };
  }

  /** What such an action can wait for. */
  final class LoopScope implements TriageScope {
    private final ActionScope scope;

    private LoopScope(ActionScope scope) {
      this.scope = scope;
    }

    @Override
    public <T> Answer<T> call(
        String name, Class<T> type, Supplier<CompletableFuture<Answer<T>>> call) {
      return scope.await(call.get());
    }

    @Override
    public void sleep(Duration duration) {
      scope.sleep(duration);
    }
  }
}
