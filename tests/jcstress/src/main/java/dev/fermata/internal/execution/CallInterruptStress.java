// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.fermata.internal.ambient.AmbientContext;
import dev.fermata.internal.observe.ExecutorMetrics;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.Z_Result;

/**
 * The interrupt of a call races with the end of its run: it must not strike the worker's next call.
 */
@JCStressTest
@Outcome(id = "false", expect = ACCEPTABLE, desc = "nothing is left of the interrupt")
@Outcome(id = "true", expect = FORBIDDEN, desc = "the next call would find itself interrupted")
@State
public class CallInterruptStress {
  private static final ExecutorMetrics METRICS = new ExecutorMetrics();
  private final Call<String> call = new Call<>(() -> "value", AmbientContext.capture(), METRICS);

  /** Runs the call as a worker does. */
  @Actor
  public void worker(Z_Result result) {
    call.run();
    result.r1 = Thread.interrupted();
  }

  /** Ends the call from outside, as a deadline does. */
  @Actor
  public void deadline() {
    call.interrupt();
  }
}
