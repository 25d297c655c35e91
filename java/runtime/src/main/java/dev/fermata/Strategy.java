// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

/**
 * How an action is suspended while it waits. Fermata chooses one per {@link OwnerKind} by trying
 * what works in the running JVM; the system property {@code fermata.strategy} ({@code auto}, {@code
 * virtual}, {@code continuation}, {@code handoff}, {@code inline}; default {@code auto}) forces
 * one.
 */
public enum Strategy {
  /**
   * The action is a virtual thread whose scheduler is its owner. Every blocking call suspends it,
   * also while it holds monitors. Java 24 and later.
   */
  VIRTUAL,

  /**
   * The action is a one-shot delimited continuation that its owner runs on its own thread: current
   * thread and thread-locals are the owner's. Java 21 and later.
   */
  CONTINUATION,

  /**
   * The action runs on a carrier thread while its owner waits, so that exactly one of the two runs.
   * Every supported Java version.
   */
  HANDOFF,

  /**
   * Nothing is suspended: the action runs to its end on its owner and calls run in place. Used
   * where the native library cannot be loaded.
   */
  INLINE
}
