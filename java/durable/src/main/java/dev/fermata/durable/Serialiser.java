// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

/**
 * Turns results and arguments into bytes, and bytes back into results. Used by many threads at
 * once.
 *
 * <p>The bytes that are read were written by {@link #serialise}, unless somebody tampered with the
 * journal: reading must not run code that they name, and takes no more memory than in proportion to
 * them.
 */
public interface Serialiser {
  /**
   * Writes an object. Equal objects should give equal bytes, in each JVM, for arguments of calls
   * are compared by them.
   *
   * @param value the object; may be {@code null}
   * @return its bytes
   * @throws Exception if it cannot be written
   */
  byte[] serialise(Object value) throws Exception;

  /**
   * Reads an object.
   *
   * @param bytes what {@link #serialise} wrote
   * @param type what was written
   * @param <T> what was written
   * @return the object; may be {@code null}
   * @throws Exception if the bytes are no such object
   */
  <T> T deserialise(byte[] bytes, ResultType<T> type) throws Exception;
}
