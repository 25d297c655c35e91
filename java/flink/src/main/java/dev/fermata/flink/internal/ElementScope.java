// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

/** The code of one element: while it runs, and then alone, its context may be used. */
interface ElementScope {
  /**
   * Returns if the calling code is the function of the element.
   *
   * @throws IllegalStateException otherwise
   */
  void requireInside();

  /** {@return what the code has read from keyed state} */
  StateReads reads();
}
