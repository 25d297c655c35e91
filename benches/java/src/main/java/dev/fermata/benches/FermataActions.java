// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;

/** New actions for each block, some in flight at once, each with its share of the calls. */
final class FermataActions implements Contender {
  private final ContinuationActionExecutor executor;
  private final boolean single;
  private final Answers answers;

  /** Single: one action at a time with one call each. */
  FermataActions(ContinuationActionExecutor executor, boolean single, Answers answers) {
    this.executor = executor;
    this.single = single;
    this.answers = answers;
  }

  @Override
  public String name() {
    String name = "Fermata " + Owners.nameOf(executor.strategy());
    return single ? name + ", a new action each" : name;
  }

  @Override
  public double measure() throws Exception {
    return single
        ? Blocks.single(() -> run(1, 1))
        : Blocks.busy(() -> run(Blocks.IN_FLIGHT, Blocks.BUSY_CALLS / Blocks.IN_FLIGHT));
  }

  /** Returns what the last action's calls answered, together. */
  private long run(int actions, int callsEach) throws InterruptedException {
    int unfinished = actions;
    Caller caller = null;
    for (int i = 0; i < actions; i++) {
      caller = new Caller(callsEach);
      unfinished -= execute(caller);
    }
    while (unfinished > 0) {
      Owners.awaitReady(executor);
      for (ContinuationContext ready : executor.drainReady()) {
        unfinished -= execute((Caller) ready);
      }
    }
    return caller.inside;
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
    private long inside;

    Caller(int calls) {
      this.calls = calls;
    }

    @Override
    public void run() {
      for (int i = 0; i < calls; i++) {
        inside += executor.executeAsync(this, answers.supplier());
      }
    }
  }
}
