// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.time.Duration;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.Z_Result;

/** A context becomes ready while the owner lies down to wait: the owner gets up at once. */
@JCStressTest
@Outcome(id = "true", expect = ACCEPTABLE, desc = "the owner saw the context or was woken")
@Outcome(id = "false", expect = FORBIDDEN, desc = "the wake-up was lost: the owner slept on")
@State
public class ReadySignalStress {
  private static final Duration LIMIT = Duration.ofSeconds(5);

  private final ReadySignal signal = new ReadySignal();
  private volatile boolean ready;

  /** Waits; only a wait without a wake-up takes as long as the limit. */
  @Actor
  public void owner(Z_Result result) {
    long start = System.nanoTime();
    try {
      signal.await(() -> ready, LIMIT);
    } catch (InterruptedException unexpected) {
      throw new AssertionError(unexpected);
    }
    result.r1 = System.nanoTime() - start < LIMIT.toNanos();
  }

  /** Makes the context ready, then wakes. */
  @Actor
  public void completion() {
    ready = true;
    signal.wake();
  }
}
