// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches;

/**
 * One way of having code run elsewhere and waiting for it, to be compared with others in one
 * process. Driven by one thread, the owner; between two blocks nothing of it is in flight.
 */
interface Contender extends AutoCloseable {
  String name();

  /** Makes one block of calls; returns microseconds per call. */
  double measure() throws Exception;

  @Override
  void close();
}
