// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/** Waits that end: each fails after a time that no healthy run comes near. */
public final class Waiting {
  public static final Duration LIMIT = Duration.ofSeconds(40);

  private Waiting() {}

  /** Waits for the latch; an interrupt ends the wait as {@link Interrupted}. */
  public static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).as("latch opened").isTrue();
    } catch (InterruptedException interrupted) {
      throw new Interrupted(interrupted);
    }
  }

  /** Waits until all parties have come; an interrupt ends the wait as {@link Interrupted}. */
  public static void await(CyclicBarrier barrier) {
    try {
      barrier.await(LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      throw new Interrupted(interrupted);
    } catch (BrokenBarrierException | TimeoutException notMet) {
      throw new AssertionError("the parties did not meet", notMet);
    }
  }

  public static void join(Thread thread) {
    try {
      thread.join(LIMIT.toMillis());
    } catch (InterruptedException interrupted) {
      throw new Interrupted(interrupted);
    }
    assertThat(thread.isAlive()).as("%s is alive", thread).isFalse();
  }

  /** For what gives no signal, such as a gauge: looks again and again. */
  public static void until(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("still not: %s", what).isLessThan(end);
      Thread.yield();
    }
  }

  /** A wait was interrupted. */
  public static final class Interrupted extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Interrupted(InterruptedException cause) {
      super(cause);
    }
  }
}
