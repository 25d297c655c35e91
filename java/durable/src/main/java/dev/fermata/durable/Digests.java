// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Digests of inputs and arguments: SHA-256 of their serialised form. */
final class Digests {
  private static final int SHOWN_BYTES = 4;

  private Digests() {}

  static byte[] of(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException impossible) {
      throw new AssertionError("every Java platform has SHA-256", impossible);
    }
  }

  /** Begins as the digest does: enough to tell two apart. */
  static String text(byte[] digest) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < Math.min(SHOWN_BYTES, digest.length); i++) {
      text.append(String.format("%02x", digest[i]));
    }
    return text.append("...").toString();
  }
}
