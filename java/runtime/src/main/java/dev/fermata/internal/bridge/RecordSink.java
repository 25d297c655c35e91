// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.bridge;

/** Takes the records of a journal that is read, in order, on the thread that reads it. */
public interface RecordSink {
  /**
   * Takes one record. What this throws is thrown to whoever reads, and nothing more is handed over.
   *
   * @param flat the record, in the form in which records cross the boundary
   */
  void record(byte[] flat);
}
