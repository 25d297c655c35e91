// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import dev.fermata.ActionLoop;
import dev.fermata.ActionScope;
import dev.fermata.FermataInfo;
import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/**
 * Without Flink: each review is one action, and all actions run on the thread of one {@link
 * ActionLoop}.
 */
final class LoopEngine implements Engine {
  private final Endpoint endpoint;
  private final NearestPrototype judge;
  private final int inFlight;

  /**
   * @param inFlight most reviews under way at once
   */
  LoopEngine(Endpoint endpoint, NearestPrototype judge, int inFlight) {
    this.endpoint = endpoint;
    this.judge = judge;
    this.inFlight = inFlight;
  }

  @Override
  public String title() {
    return "ActionLoop";
  }

  @Override
  public String description() {
    return title() + ": all actions on one thread";
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
    try (ModelClient model = new ModelClient(endpoint);
        ActionLoop loop = ActionLoop.builder().name("triage").maxActions(inFlight).build();
        RunWatch watch = new RunWatch(done)) {
      Triage triage = new Triage(model, judge, watch.owner(0, loop.owner()));
      List<CompletableFuture<TriagedReview>> triages = new ArrayList<>();
      for (Review review : reviews) {
        triages.add(
            loop.submit(scope -> triage.triage(new LoopScope(scope), review))
                .whenComplete((result, failure) -> watch.reviewDone()));
      }
      List<TriagedReview> results = new ArrayList<>();
      for (CompletableFuture<TriagedReview> result : triages) {
        results.add(result.get());
      }
      return watch.stop(results, List.of());
    }
  }

  private static final class LoopScope implements TriageScope {
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
