// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;

/** New actions for each block, some in flight at once, each with its share of the calls. */
final class FermataActions implements Contender {
  private final ContinuationActionExecutor executor;
  private final boolean idle;
  private final Answers answers = new Answers();

  /** Idle: one action at a time with one call each. */
  FermataActions(ContinuationActionExecutor executor, boolean idle) {
    this.executor = executor;
    this.idle = idle;
  }

  @Override
  public String name() {
    String name = "Fermata " + Owners.nameOf(executor.strategy());
    return idle ? name + ", a new action each" : name;
  }

  @Override
  public double measure() throws Exception {
    return idle
        ? Blocks.idle(() -> run(1, 1))
        : Blocks.busy(() -> run(Blocks.IN_FLIGHT, Blocks.BUSY_CALLS / Blocks.IN_FLIGHT));
  }

  private void run(int actions, int callsEach) throws InterruptedException {
    int unfinished = actions;
    for (int i = 0; i < actions; i++) {
      unfinished -= execute(new Caller(callsEach));
    }
    while (unfinished > 0) {
      Owners.awaitReady(executor);
      for (ContinuationContext ready : executor.drainReady()) {
        unfinished -= execute((Caller) ready);
      }
    }
  }

  /** Returns 1 if the action has ended, else 0. */
  private int execute(Caller caller) {
    return executor.executeAction(caller, caller) ? 1 : 0;
  }

  @Override
  public void close() {
    executor.close();
  }

  private final class Caller extends ContinuationContext implements Runnable {
    private final int calls;

    Caller(int calls) {
      this.calls = calls;
    }

    @Override
    public void run() {
      for (int i = 0; i < calls; i++) {
        answers.check(executor.executeAsync(this, answers.supplier()));
      }
    }
  }
}
