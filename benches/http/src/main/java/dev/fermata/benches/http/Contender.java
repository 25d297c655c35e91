// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.http;

/** A client of HTTP, used as its documentation says for many requests at a time. */
interface Contender extends AutoCloseable {
  /** Begins to make calls, so many at a time; need not wait for them. */
  void begin(Work work, int lanes);

  /** Ends it; throws if it was not what its name says. */
  @Override
  void close();
}
