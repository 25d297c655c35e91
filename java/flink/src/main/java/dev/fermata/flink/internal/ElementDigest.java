// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * Makes the digest that an element is known by when it arrives again. Used on the task's side
 * alone.
 *
 * @param <K> type of the keys
 * @param <IN> type of the elements
 */
final class ElementDigest<K, IN> {
  private final TypeSerializer<K> keySerializer;
  private final TypeSerializer<IN> elementSerializer;
  private final DataOutputSerializer bytes = new DataOutputSerializer(256);
  private final MessageDigest sha256 = sha256();

  ElementDigest(TypeSerializer<K> keySerializer, TypeSerializer<IN> elementSerializer) {
    this.keySerializer = keySerializer;
    this.elementSerializer = elementSerializer;
  }

  /** Computes the digest of kind, timestamp, key and value. */
  byte[] of(InFlight<K, IN> element) {
    bytes.clear();
    try {
      bytes.writeByte(element.kind.ordinal());
      bytes.writeBoolean(element.timestamp != null);
      bytes.writeLong(element.timestamp == null ? 0 : element.timestamp);
      keySerializer.serialize(element.key, bytes);
      if (element.kind == InFlight.Kind.ELEMENT) {
        elementSerializer.serialize(element.value, bytes);
      }
    } catch (IOException failed) {
      throw new FlinkRuntimeException("No digest can be made of " + element, failed);
    }
    sha256.update(bytes.getSharedBuffer(), 0, bytes.length());
    return sha256.digest();
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("Every Java platform has SHA-256", impossible);
    }
  }
}
