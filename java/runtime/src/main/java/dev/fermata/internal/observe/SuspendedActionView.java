// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

import dev.fermata.FermataExecutorMXBean.SuspendedAction;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A suspended action as it was at one moment. Immutable; holds text only, no part of the action.
 */
public final class SuspendedActionView implements SuspendedAction {
  private final String name;
  private final String waitsFor;
  private final long ageMillis;
  private final List<String> stack;

  /**
   * Takes a picture.
   *
   * @param name the action's name
   * @param waitsFor what it waits for
   * @param ageNanos since it was suspended
   * @param stack innermost frame first; empty if not available
   */
  public SuspendedActionView(
      String name, String waitsFor, long ageNanos, StackTraceElement[] stack) {
    this.name = name;
    this.waitsFor = waitsFor;
    this.ageMillis = TimeUnit.NANOSECONDS.toMillis(ageNanos);
    List<String> frames = new ArrayList<>(stack.length);
    for (StackTraceElement frame : stack) {
      frames.add(frame.toString());
    }
    this.stack = Collections.unmodifiableList(frames);
  }

  @Override
  public String getName() {
    return name;
  }

  @Override
  public String getWaitsFor() {
    return waitsFor;
  }

  @Override
  public long getAgeMillis() {
    return ageMillis;
  }

  @Override
  public List<String> getStack() {
    return stack;
  }

  /** Returns the lines a thread dump would have for it. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append('"')
        .append(name)
        .append("\" suspended for ")
        .append(ageMillis)
        .append(" ms, waits for ");
    text.append(waitsFor);
    for (String frame : stack) {
      text.append(System.lineSeparator()).append("\tat ").append(frame);
    }
    return text.toString();
  }
}
