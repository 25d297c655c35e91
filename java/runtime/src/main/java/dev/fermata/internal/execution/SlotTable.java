// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;

/**
 * The Java objects that belong to native slots, found by the slot's id.
 *
 * <p>Native code holds ids only: an index (low 32 bits) that it uses again, and a generation (high
 * 32 bits) that it never does. A look-up compares the whole id, so an id whose slot has been used
 * again finds nothing. Entries never move, so look-ups take no lock; growing does.
 *
 * <p>Owned by one execution, used by its owner, its workers and whoever cancels or closes.
 */
final class SlotTable<T extends SlotTable.Slotted> {
  /** An object that knows the id of its slot. */
  interface Slotted {
    long id();
  }

  private static final int CHUNK_BITS = 8;
  private static final int CHUNK = 1 << CHUNK_BITS;

  private volatile AtomicReferenceArray<T>[] chunks = newChunks(0);

  void put(T object) {
    int index = (int) object.id();
    chunk(index >>> CHUNK_BITS).setRelease(index & (CHUNK - 1), object);
  }

  /** The object of this id, or null when the slot is empty or has passed to another. */
  T get(long id) {
    int index = (int) id;
    AtomicReferenceArray<T>[] current = chunks;
    if (index >>> CHUNK_BITS >= current.length) {
      return null;
    }
    T object = current[index >>> CHUNK_BITS].getAcquire(index & (CHUNK - 1));
    return object != null && object.id() == id ? object : null;
  }

  /** Empties the object's slot, unless it has passed to another already. */
  void remove(T object) {
    int index = (int) object.id();
    chunks[index >>> CHUNK_BITS].compareAndSet(index & (CHUNK - 1), object, null);
  }

  /** Visits what is there; objects put or removed meanwhile may or may not be seen. */
  void forEach(Consumer<? super T> visitor) {
    for (AtomicReferenceArray<T> chunk : chunks) {
      for (int i = 0; i < CHUNK; i++) {
        T object = chunk.getAcquire(i);
        if (object != null) {
          visitor.accept(object);
        }
      }
    }
  }

  /** Counts what is there, by looking at every slot. */
  int size() {
    int[] found = new int[1];
    forEach(object -> found[0]++);
    return found[0];
  }

  private AtomicReferenceArray<T> chunk(int number) {
    AtomicReferenceArray<T>[] current = chunks;
    return number < current.length ? current[number] : grow(number);
  }

  private synchronized AtomicReferenceArray<T> grow(int number) {
    AtomicReferenceArray<T>[] current = chunks;
    if (number >= current.length) {
      AtomicReferenceArray<T>[] grown = newChunks(Math.max(number + 1, current.length * 2));
      System.arraycopy(current, 0, grown, 0, current.length);
      Arrays.setAll(
          grown, i -> i < current.length ? current[i] : new AtomicReferenceArray<>(CHUNK));
      chunks = grown;
    }
    return chunks[number];
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static <T> AtomicReferenceArray<T>[] newChunks(int length) {
    return new AtomicReferenceArray[length];
  }
}
