// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import java.util.concurrent.CompletableFuture;

/**
 * Waits for a stage to end, in whatever way. When it is closed nothing of it is left on the stage,
 * which may live for much longer, and be waited for many times. Thread-safe.
 */
public final class StageEnd implements AutoCloseable {
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private final CompletableFuture<Void> future;

  /** Begins to wait. */
  public StageEnd(CompletableFuture<?> stage) {
    // It takes itself off the stages that have not ended when the first has. Not derived from the
    // stage: what is derived from some suspends the action, in turn.
    future = CompletableFuture.anyOf(stage, closed).handle((value, failure) -> null);
  }

  /** Returns what completes, with {@code null}, when the stage does, or when this is closed. */
  public CompletableFuture<Void> future() {
    return future;
  }

  @Override
  public void close() {
    closed.complete(null);
  }
}
