// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.http.conformance;

import java.io.InputStream;

/** A number of bytes of value 0. */
class Zeros extends InputStream {
  private long left;

  Zeros(long size) {
    left = size;
  }

  @Override
  public int read() {
    return left-- > 0 ? 0 : -1;
  }

  @Override
  public int read(byte[] into, int offset, int length) {
    if (left == 0) {
      return -1;
    }
    int count = (int) Math.min(left, length);
    left -= count;
    return count;
  }
}
