// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

/** What a future of a response ends when it is cancelled. */
interface Cancellable {
  /** Ends the request as soon as may be; its future fails for this reason unless it is done. */
  void abort(Throwable reason);
}
