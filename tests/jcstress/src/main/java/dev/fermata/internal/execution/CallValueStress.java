// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.fermata.internal.ambient.AmbientContext;
import dev.fermata.internal.bridge.Verdict;
import dev.fermata.internal.observe.ExecutorMetrics;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * What a supplier made is whole where the action reads it. The native slot orders the two threads
 * in the field; here nothing does but {@link Call} itself, which is the harder case.
 */
@JCStressTest
@Outcome(id = "0", expect = ACCEPTABLE, desc = "not done yet")
@Outcome(id = "42", expect = ACCEPTABLE, desc = "done, and whole")
@Outcome(expect = FORBIDDEN, desc = "done, and not whole")
@State
public class CallValueStress {
  private static final ExecutorMetrics METRICS = new ExecutorMetrics();
  private final Call<int[]> call =
      new Call<>(CallValueStress::answer, AmbientContext.capture(), METRICS);

  private static int[] answer() {
    int[] made = new int[1];
    made[0] = 42;
    return made;
  }

  /** Runs the call as a worker does. */
  @Actor
  public void worker() {
    call.run();
  }

  /** Reads the value as the resumed action does. */
  @Actor
  public void action(I_Result result) {
    int[] value = call.deliver(Verdict.OUTCOME_VALUE);
    result.r1 = value == null ? 0 : value[0];
  }
}
