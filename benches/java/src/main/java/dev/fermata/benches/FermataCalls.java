// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;

/** One action that makes the calls of a block one after another and times them itself. */
final class FermataCalls implements Contender {
  private final ContinuationActionExecutor executor;
  private final Answers answers;

  FermataCalls(ContinuationActionExecutor executor, Answers answers) {
    this.answers = answers;
    this.executor = executor;
  }

  @Override
  public String name() {
    return "Fermata " + Owners.nameOf(executor.strategy());
  }

  @Override
  public double measure() throws InterruptedException {
    Caller caller = new Caller();
    int releases = 0;
    while (!executor.executeAction(caller, caller)) {
      releases++;
      Owners.awaitReady(executor);
      executor.drainReady();
    }
    // Where the worker is faster than the action's way to the owner, the owner goes on at once.
    Samples.print("released", name(), 100.0 * releases / Blocks.SINGLE_CALLS);
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
        micros = Blocks.single(() -> executor.executeAsync(this, answers.supplier()));
      } catch (Exception failed) {
        throw new IllegalStateException(failed);
      }
    }
  }
}
