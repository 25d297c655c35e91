// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.spring;

import dev.fermata.spring.FermataTaskExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.springframework.core.task.AsyncTaskExecutor;

/** Handles each request on the executor {@code requestExecutor}. */
public class Requests {
  private final AsyncTaskExecutor executor;
  private final Sources sources;
  private final int calls = Integer.getInteger(Sources.CALLS);

  /**
   * Called by Spring.
   *
   * @param requestExecutor where requests are handled
   * @param sources what they ask
   */
  public Requests(AsyncTaskExecutor requestExecutor, Sources sources) {
    executor = requestExecutor;
    this.sources = sources;
  }

  /**
   * Handles a request.
   *
   * @param number of the request
   * @return completes with a sum
   */
  public CompletableFuture<Integer> handle(int number) {
    return executor instanceof FermataTaskExecutor fermata
        ? fermata.submitAction(() -> answer(number))
        : executor.submitCompletable(() -> answer(number));
  }

  private int answer(int number) {
    List<CompletableFuture<Integer>> asked = new ArrayList<>(calls);
    for (int i = 0; i < calls; i++) {
      asked.add(sources.ask(number));
    }
    int sum = 0;
    for (CompletableFuture<Integer> answer : asked) {
      sum += answer.join();
    }
    return sum;
  }
}
