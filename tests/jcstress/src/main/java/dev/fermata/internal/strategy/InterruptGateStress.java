// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** An interrupt races with a slice: it strikes inside the slice or is refused. */
@JCStressTest
@Outcome(id = "false, false", expect = ACCEPTABLE, desc = "refused: there is no slice")
@Outcome(id = "true, true", expect = ACCEPTABLE, desc = "accepted, and it struck the slice")
@Outcome(id = "true, false", expect = FORBIDDEN, desc = "accepted, but lost")
@Outcome(id = "false, true", expect = FORBIDDEN, desc = "refused, but it struck all the same")
@State
public class InterruptGateStress {
  private final InterruptGate gate = new InterruptGate();

  /** Runs one slice and looks what struck it. */
  @Actor
  public void slice(ZZ_Result result) {
    gate.open();
    gate.enter();
    gate.exit();
    result.r2 = Thread.interrupted();
  }

  /** Interrupts at any moment. */
  @Actor
  public void interrupt(ZZ_Result result) {
    result.r1 = gate.interruptSlice();
  }
}
