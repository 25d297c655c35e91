// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.loader;

/** Why the native library could not be loaded, and what the user can do about it. */
final class LoadFailure extends Exception {
  private static final long serialVersionUID = 1L;

  private final String remedy;

  /**
   * Creates a failure.
   *
   * @param reason a clause that says what failed and where
   * @param remedy a clause that says what to do
   * @param cause what made it fail, or {@code null}
   */
  LoadFailure(String reason, String remedy, Throwable cause) {
    super(reason, cause);
    this.remedy = remedy;
  }

  String remedy() {
    return remedy;
  }
}
