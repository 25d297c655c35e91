// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Waits on the calling thread. */
final class BlockingScope implements TriageScope {
  @Override
  public <T> Answer<T> call(String name, Class<T> type, Supplier<Answer<T>> call) {
    return call.get();
  }

  @Override
  public void sleep(Duration duration) {
    try {
      TimeUnit.NANOSECONDS.sleep(duration.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ModelException("interrupted while waiting for a busy model", e);
    }
  }
}
