// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

/** Why an action must not be suspended where it stands. */
public enum Pin {
  /** Nothing is in the way: the action can be suspended. */
  NONE,
  /** A frame of the action holds a monitor, or it cannot be told that none does. */
  MONITOR,
  /** Its owner holds a monitor outside of the action. */
  OWNER_MONITOR,
  /** A native method called back into the action's code. */
  NATIVE_FRAME,
  /** The action is inside a class initialiser. */
  CLASS_INITIALISER,
  /** The owner is a virtual thread: blocking it is suspending it. */
  VIRTUAL_OWNER,
  /** The caller is a supplier, on the thread of a worker, which may block. */
  NESTED_CALL
}
