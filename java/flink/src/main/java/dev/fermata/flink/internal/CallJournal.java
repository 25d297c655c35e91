// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import java.util.List;

/**
 * Where the outcomes of steps are kept from when they are there until a checkpoint has them. Used
 * on the task's side alone, but for what a {@link StepRecorder} does.
 *
 * @param <K> type of the keys
 * @param <IN> type of the elements
 */
interface CallJournal<K, IN> extends AutoCloseable {
  /**
   * Begins the journal of this attempt with what earlier ones left behind that may still be asked
   * for. The first call.
   *
   * @param inFlight the elements of the checkpoint
   * @throws Exception if what is there cannot be read, or the journal cannot be written
   */
  default void begin(List<InFlight<K, IN>> inFlight) throws Exception {}

  /** Recognises an element that an earlier attempt has recorded steps of. */
  default void arrived(InFlight<K, IN> element) {}

  /**
   * Answers an open step from the journal, or sees to it that its outcome is recorded.
   *
   * @param reads digest of what the function has read from keyed state before it asked
   */
  default void asked(InFlight<K, IN> element, Step step, long reads) {}

  /** Forgets all steps of an element, which begins anew. */
  default void restarted(InFlight<K, IN> element) {}

  /** Notes that the next checkpoint has all that is to be known of an element. */
  default void finished(InFlight<K, IN> element) {}

  /** Notes that a checkpoint is taken: what arrives from now on is not in it. */
  default void snapshot(long checkpoint) {}

  /** Drops what no restore can ask for any more. */
  default void completed(long checkpoint) {}

  /** Whether state that a function reads counts. */
  default boolean isOn() {
    return false;
  }

  @Override
  default void close() {}

  /** Returns a journal that keeps nothing: outcomes wait for their checkpoint in memory. */
  static <K, IN> CallJournal<K, IN> none() {
    return new CallJournal<>() {};
  }
}
