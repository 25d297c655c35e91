// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.timers;

/** Timer entries, under indices. Driven by one thread. */
interface Timers {
  /** From now on entries are inserted that {@link #awaitAll} waits for, so many. */
  void begin(int entries);

  /** Inserts the entry of an index, due so long from now. */
  void insert(int index, long nanos);

  /** Cancels an entry that is not due; it is gone. */
  void cancel(int index);

  /** Waits until all entries since {@link #begin} were due. */
  void awaitAll() throws InterruptedException;
}
