// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

/** Tells whether the code of one element runs, where alone its context may be used. */
interface ElementScope {
  /**
   * Returns if the calling code is the function of the element.
   *
   * @throws IllegalStateException otherwise
   */
  void requireInside();
}
