// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

/**
 * The outermost frame of an action's own code: what a {@link MonitorGuard} looks at lies above it.
 */
final class ActionEntry implements Runnable {
  private final Runnable body;

  ActionEntry(Runnable body) {
    this.body = body;
  }

  @Override
  public void run() {
    body.run();
  }
}
