// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

/**
 * A future whose cancellation ends the request, and so does that of futures derived from it, as in
 * the JDK's client from Java 16 on.
 */
final class ResponseFuture<T> extends CompletableFuture<T> {
  private final Cancellable request;

  ResponseFuture(Cancellable request) {
    this.request = request;
  }

  /** Ends the request behind this future, which fails for this reason unless it is done. */
  void abort(Throwable reason) {
    request.abort(reason);
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean wasOpen = !isDone();
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    if (wasOpen && mayInterruptIfRunning) {
      request.abort(new CancellationException("Request cancelled"));
    }
    return cancelled;
  }

  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new ResponseFuture<>(request);
  }
}
