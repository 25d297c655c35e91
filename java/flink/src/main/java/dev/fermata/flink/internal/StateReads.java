// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * Digest of what the function of one element has read from keyed state: with the element and the
 * outcomes of its steps, all that it may decide by. Used on the function's thread alone.
 */
class StateReads {
  /** Reads of which nobody asks for the digest; any thread. */
  static final StateReads IGNORED =
      new StateReads() {
        @Override
        <T> void value(TypeSerializer<T> serializer, T value) {}

        @Override
        <K, V> Map<K, V> entries(
            TypeSerializer<K> keys, TypeSerializer<V> values, Map<K, V> entries) {
          return entries;
        }
      };

  private final MessageDigest sha256 = ElementDigest.sha256();
  private final DataOutputSerializer bytes = new DataOutputSerializer(64);
  private long digest;

  /** Notes a value, or that there is none. */
  <T> void value(TypeSerializer<T> serializer, T value) {
    bytes.clear();
    write(serializer, value);
    note(hash());
  }

  /**
   * Notes entries, which come in any order.
   *
   * @return them, in the order of their serialized keys: the function may decide by it
   */
  <K, V> Map<K, V> entries(TypeSerializer<K> keys, TypeSerializer<V> values, Map<K, V> entries) {
    Map<byte[], Map.Entry<K, V>> byKey = new TreeMap<>(Arrays::compareUnsigned);
    for (Map.Entry<K, V> entry : entries.entrySet()) {
      bytes.clear();
      write(keys, entry.getKey());
      byKey.put(bytes.getCopyOfBuffer(), entry);
    }
    Map<K, V> ordered = new LinkedHashMap<>();
    note(byKey.size());
    byKey.forEach(
        (key, entry) -> {
          sha256.update(key);
          value(values, entry.getValue());
          ordered.put(entry.getKey(), entry.getValue());
        });
    return ordered;
  }

  long digest() {
    return digest;
  }

  private void note(long next) {
    sha256.update(ByteBuffer.allocate(2 * Long.BYTES).putLong(digest).putLong(next).array());
    digest = ByteBuffer.wrap(sha256.digest()).getLong();
  }

  private long hash() {
    sha256.update(bytes.getSharedBuffer(), 0, bytes.length());
    return ByteBuffer.wrap(sha256.digest()).getLong();
  }

  private <T> void write(TypeSerializer<T> serializer, T value) {
    try {
      bytes.writeBoolean(value != null);
      if (value != null) {
        serializer.serialize(value, bytes);
      }
    } catch (IOException failed) {
      throw new FlinkRuntimeException("State that was read cannot be serialized", failed);
    }
  }
}
