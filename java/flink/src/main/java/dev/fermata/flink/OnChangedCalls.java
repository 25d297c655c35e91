// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

/**
 * What becomes of an element whose recorded calls do not fit the function, see {@link
 * ChangedCallsException}.
 */
public enum OnChangedCalls {
  /** The task fails with the exception: restore it with the old function, or choose otherwise. */
  FAIL,
  /** The record is dropped and the element begins anew: its calls are made again. */
  RESTART,
  /** The element goes to {@link DurableOptions#deadLetters}; a timer, which is none, fails. */
  DEAD_LETTER
}
