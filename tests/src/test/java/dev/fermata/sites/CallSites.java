// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.sites;

/** User code, as seen from the runtime: a package that is none of its own. */
public final class CallSites {
  private CallSites() {}

  public static void first(Runnable code) {
    code.run();
  }

  public static void second(Runnable code) {
    code.run();
  }
}
