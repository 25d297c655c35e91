// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import dev.fermata.ActionLoop;
import dev.fermata.FermataInfo;
import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Without Flink: each review is one action, and all actions run on the thread of one {@link
 * ActionLoop}.
 *
 * <p>With a journal each action is known by the index of its review: a run that was ended before
 * all was done goes on where it was, if it is started again with the same reviews.
 */
final class LoopEngine implements Engine {
  private final Endpoint endpoint;
  private final NearestPrototype judge;
  private final int inFlight;
  private final Optional<Path> journal;

  /**
   * @param inFlight most reviews under way at once
   * @param journal folder of the journal; empty for none
   */
  LoopEngine(Endpoint endpoint, NearestPrototype judge, int inFlight, Optional<Path> journal) {
    this.endpoint = endpoint;
    this.judge = judge;
    this.inFlight = inFlight;
    this.journal = journal;
  }

  @Override
  public String title() {
    return "ActionLoop";
  }

  @Override
  public String description() {
    return title()
        + ": all actions on one thread"
        + journal.map(folder -> ", their calls in the journal " + folder).orElse("");
  }

  @Override
  public Strategy strategy() throws InputException {
    return Engine.strategy(OwnerKind.LOOP);
  }

  @Override
  public String reason() {
    return FermataInfo.current().reason(OwnerKind.LOOP);
  }

  @Override
  public List<String> owners() {
    return List.of("the loop");
  }

  @Override
  public TriageRun run(List<Review> reviews, Runnable done)
      throws ExecutionException, InterruptedException {
    try (LoopActions actions =
            journal.isPresent() ? new JournalledActions(journal.get()) : LoopActions.plain();
        ModelClient model = new ModelClient(endpoint);
        ActionLoop loop = ActionLoop.builder().name("triage").maxActions(inFlight).build();
        RunWatch watch = new RunWatch(done)) {
      Triage triage = new Triage(model, judge, watch.owner(0, loop.owner()));
      List<CompletableFuture<TriagedReview>> triages = new ArrayList<>();
      for (Review review : reviews) {
        triages.add(
            actions
                .start(loop, review, scope -> triage.triage(scope, review))
                .whenComplete((result, failure) -> watch.reviewDone()));
      }
      List<TriagedReview> results = new ArrayList<>();
      for (CompletableFuture<TriagedReview> result : triages) {
        results.add(result.get());
      }
      TriageRun run = watch.stop(results, List.of());
      actions.finished(reviews);
      return run;
    }
  }
}
