// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.bridge;

/**
 * What a native journal calls in Java, on its own thread. Given to {@link NativeJournal#open},
 * which keeps one global reference to it until its threads have ended. An implementation must
 * therefore not reach the object whose {@code Cleaner} destroys the journal: that object would
 * never be collected.
 *
 * <p>No method may block: nothing is written meanwhile. None may throw: what is thrown is logged,
 * and {@link #failed} is called for the same token.
 */
public interface JournalUpcalls {
  /**
   * An append has reached its level, or a sync is done.
   *
   * @param token its token
   */
  void acknowledged(long token);

  /**
   * An append or a sync failed.
   *
   * @param token its token; ignored if it was told of before
   * @param kind name of the error's kind in native code
   * @param message what failed, where, and the remedy
   */
  void failed(long token, String kind, String message);
}
