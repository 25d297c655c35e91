// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A wait for a time or for a place under a limit, and then the place. Its events come once, on a
 * thread that must not be blocked, and none of them after it has {@linkplain #leave left} and the
 * caller knows.
 */
abstract class Admission {
  private static final Runnable NOWHERE = () -> {};

  private final AtomicReference<Runnable> exit = new AtomicReference<>();

  /**
   * The wait is over.
   *
   * @param heldByRate whether a rate made it longer
   */
  abstract void onAdmitted(boolean heldByRate);

  /** The wait will never be over. */
  abstract void onFailure(IOException reason);

  /** Tells how to leave. */
  final void enteredBy(Runnable way) {
    if (!exit.compareAndSet(null, way)) {
      way.run();
    }
  }

  /** Gives up the wait or the place. Idempotent. */
  final void leave() {
    Runnable way = exit.getAndSet(NOWHERE);
    if (way != null) {
      way.run();
    }
  }
}
