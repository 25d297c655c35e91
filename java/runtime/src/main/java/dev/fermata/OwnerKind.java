// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata;

/**
 * What kind of thread runs the actions of an executor: its <em>owner</em>. The kind decides which
 * {@link Strategy} is chosen.
 */
public enum OwnerKind {
  /**
   * A thread whose identity other code checks, such as the mailbox thread of a Flink task. Actions
   * are suspended at Fermata's own suspension points only; any other blocking call of an action
   * blocks the owner. On {@link Strategy#CONTINUATION} the actions run on the owner's own thread.
   */
  MAILBOX,

  /**
   * A thread without such an identity, such as an {@link ActionLoop}. Where the JDK allows it each
   * action is a virtual thread that is scheduled on the owner, so that every blocking call of an
   * action suspends it; its actions must share nothing but thread-safe objects.
   */
  LOOP,

  /**
   * As {@link #LOOP}, for actions whose code binds things to its thread, such as transactions or
   * security contexts: each action has a thread, and so thread-locals, of its own. Before Java 24
   * an action that waits then holds a thread, which is parked.
   */
  THREADED_LOOP
}
