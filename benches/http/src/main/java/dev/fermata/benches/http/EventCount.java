// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.http;

/** Counts server-sent events in the bytes of a stream. Not thread-safe. */
final class EventCount {
  private int events;
  private byte last;

  void add(byte next) {
    if (next == '\n' && last == '\n') {
      events++;
    }
    last = next;
  }

  void add(byte[] bytes, int length) {
    for (int i = 0; i < length; i++) {
      add(bytes[i]);
    }
  }

  int count() {
    return events;
  }
}
