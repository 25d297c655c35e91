// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.testing;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import java.util.concurrent.atomic.AtomicBoolean;

/** A value that follows actions and calls; code runs where it is captured, and where it is set. */
public final class Surroundings implements ThreadLocalAccessor<String> {
  private static final String KEY = "surroundings";

  private final ThreadLocal<String> value = new ThreadLocal<>();
  private final AtomicBoolean captured = new AtomicBoolean();
  private final AtomicBoolean set = new AtomicBoolean();
  private final Runnable whenCaptured;
  private final Runnable whenSet;

  /**
   * @param whenCaptured runs at the first capture of the value
   * @param whenSet runs when the value is set on another thread for the first time
   */
  public Surroundings(Runnable whenCaptured, Runnable whenSet) {
    this.whenCaptured = whenCaptured;
    this.whenSet = whenSet;
  }

  /** Runs the code where there is the value. */
  public void during(Runnable code) {
    value.set("here");
    ContextRegistry.getInstance().registerThreadLocalAccessor(this);
    try {
      code.run();
    } finally {
      value.remove();
      ContextRegistry.getInstance().removeThreadLocalAccessor(KEY);
    }
  }

  @Override
  public Object key() {
    return KEY;
  }

  @Override
  public String getValue() {
    String current = value.get();
    if (current != null && captured.compareAndSet(false, true)) {
      whenCaptured.run();
    }
    return current;
  }

  @Override
  public void setValue(String next) {
    value.set(next);
    if (set.compareAndSet(false, true)) {
      whenSet.run();
    }
  }

  @Override
  public void setValue() {
    value.remove();
  }
}
