// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.io.IOException;

/** A pooled connection had been closed when it was used again; the server saw nothing, or may. */
final class ConnectionExpired extends IOException {
  private static final long serialVersionUID = 1L;

  ConnectionExpired(String message) {
    super(message);
  }
}
