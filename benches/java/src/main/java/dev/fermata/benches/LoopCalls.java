// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

import dev.fermata.ActionLoop;

/** One action of an {@link ActionLoop} that makes the calls of a block and times them itself. */
final class LoopCalls implements Contender {
  private final ActionLoop loop;
  private final Answers answers;

  LoopCalls(ActionLoop loop, Answers answers) {
    this.answers = answers;
    this.loop = loop;
  }

  @Override
  public String name() {
    return "Fermata " + Owners.nameOf(loop.executor().strategy()) + ", in an ActionLoop";
  }

  @Override
  public double measure() throws Exception {
    return loop.submit(scope -> Blocks.single(() -> scope.call(answers.supplier()))).get();
  }

  @Override
  public void close() {
    loop.close();
  }
}
