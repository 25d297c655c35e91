// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.testing;

/** A class whose initialiser runs {@link InitialiserCode}. */
public final class InitialisedByCall {
  private static final String VALUE = InitialiserCode.run();

  private InitialisedByCall() {}

  public static String value() {
    return VALUE;
  }
}
