// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;

/** One action that makes the calls of a block one after another and times them itself. */
final class FermataCalls implements Contender {
  private final ContinuationActionExecutor executor;
  private final Answers answers = new Answers();

  FermataCalls(ContinuationActionExecutor executor) {
    this.executor = executor;
  }

  @Override
  public String name() {
    return "Fermata " + Owners.nameOf(executor.strategy());
  }

  @Override
  public double measure() throws InterruptedException {
    Caller caller = new Caller();
    int suspensions = 0;
    while (!executor.executeAction(caller, caller)) {
      suspensions++;
      Owners.awaitReady(executor);
      executor.drainReady();
    }
    // A worker that is faster than the action's way to its suspend spares it.
    Samples.print("suspended", name(), 100.0 * suspensions / Blocks.IDLE_CALLS);
    return caller.micros;
  }

  @Override
  public void close() {
    executor.close();
  }

  private final class Caller extends ContinuationContext implements Runnable {
    private double micros;

    @Override
    public void run() {
      try {
        micros = Blocks.idle(() -> answers.check(executor.executeAsync(this, answers.supplier())));
      } catch (Exception failed) {
        throw new IllegalStateException(failed);
      }
    }
  }
}
