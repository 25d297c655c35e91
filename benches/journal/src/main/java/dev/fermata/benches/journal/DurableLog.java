// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.journal;

import java.io.IOException;

/** A log on disk that the benchmarks append to. Any thread may. */
interface DurableLog extends AutoCloseable {
  /** Appends what a finished call leaves and returns when it is durable. */
  void append(long number, byte[] result) throws Exception;

  /** Appends it and does not wait. */
  void write(long number, byte[] result) throws Exception;

  /** Returns when all that was written is durable. */
  void sync() throws Exception;

  /** How often the disk was asked to make something durable, since this was opened. */
  long syncs();

  @Override
  void close() throws IOException;
}
