// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.testing;

import dev.fermata.ActionLoop;
import dev.fermata.ContinuationActionExecutor;
import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * A strategy that must work on this JDK, with the kind of owner it is meant for. Which these are is
 * written down here and not asked of Fermata, so that a strategy that stops working fails tests.
 */
public enum Setup {
  VIRTUAL(24, OwnerKind.LOOP),
  CONTINUATION(21, OwnerKind.MAILBOX),
  HANDOFF(11, OwnerKind.MAILBOX),
  INLINE(11, OwnerKind.MAILBOX);

  private static final String PROPERTY = "fermata.strategy";

  private final int sinceJava;
  private final OwnerKind ownerKind;

  Setup(int sinceJava, OwnerKind ownerKind) {
    this.sinceJava = sinceJava;
    this.ownerKind = ownerKind;
  }

  /** Every strategy that works on this JDK. */
  public static List<Setup> all() {
    List<Setup> working = new ArrayList<>();
    for (Setup setup : values()) {
      if (Runtime.version().feature() >= setup.sinceJava) {
        working.add(setup);
      }
    }
    return working;
  }

  /** Every strategy that works on this JDK and suspends actions. */
  public static List<Setup> suspending() {
    List<Setup> suspending = all();
    suspending.remove(INLINE);
    return suspending;
  }

  public Strategy strategy() {
    return Strategy.valueOf(name());
  }

  public boolean suspends() {
    return this != INLINE;
  }

  /** A builder for the kind of owner, to be given to {@link #build}. */
  public ContinuationActionExecutor.Builder builder() {
    return ContinuationActionExecutor.builder().ownerKind(ownerKind);
  }

  public ContinuationActionExecutor build(ContinuationActionExecutor.Builder builder) {
    return forced(builder::build);
  }

  public ActionLoop build(ActionLoop.Builder builder) {
    return forced(builder::build);
  }

  private <T> T forced(Supplier<T> build) {
    System.setProperty(PROPERTY, name().toLowerCase(Locale.ROOT));
    try {
      return build.get();
    } finally {
      System.clearProperty(PROPERTY);
    }
  }
}
