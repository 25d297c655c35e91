// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.spring;

import dev.fermata.ActionScope;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.springframework.scheduling.annotation.Async;

/** What requests wait for. A call blocks its thread; by {@code fermata-waits} it is suspended. */
public class Sources {
  static final String CALLS = "calls";
  static final String MILLIS = "millis";

  private final Duration delay = Duration.ofMillis(Long.getLong(MILLIS));
  private final boolean waitsByFermata = Executors.name().equals("fermata-waits");

  /** Called by Spring. */
  public Sources() {}

  /**
   * Waits, and returns what it was asked for.
   *
   * @param number of the request
   * @return the number
   */
  @Async
  public CompletableFuture<Integer> ask(int number) {
    if (waitsByFermata) {
      ActionScope.current().orElseThrow().sleep(delay);
    } else {
      try {
        Thread.sleep(delay.toMillis());
      } catch (InterruptedException interrupted) {
        throw new IllegalStateException(interrupted);
      }
    }
    return CompletableFuture.completedFuture(number);
  }
}
