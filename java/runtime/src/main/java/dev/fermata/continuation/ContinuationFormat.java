// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import dev.fermata.internal.continuation.Allowed;
import dev.fermata.internal.continuation.FormatLimits;
import dev.fermata.internal.continuation.Saved;
import dev.fermata.internal.continuation.SavedBytes;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Objects;
import javax.crypto.SecretKey;

/**
 * How continuations are written by {@link Continuation#writeTo} and read by {@link
 * Continuation#readFrom}: Fermata's own format, described byte by byte in CONTINUATIONS.md, in
 * which entry point and inputs are written by Java serialisation or a {@link Codec} of the user's.
 *
 * <p><b>Safe to read.</b> Of what is read, only classes that are named here are ever instantiated,
 * besides plain values of the JDK (boxed types, strings, dates, big numbers, exceptions, lists),
 * with limits on bytes, depth, arrays and history: other bytes give an {@link IOException} before
 * any code of theirs has run, in a time that their length bounds. With a {@linkplain Builder#key
 * key} a MAC over all bytes is checked before one of them is interpreted. Without one, whoever can
 * write the bytes decides which of the allowed entry points goes on, and with what inputs.
 *
 * <p><b>Hash and tree collections</b> ({@code HashMap}, {@code HashSet}, {@code LinkedHashMap},
 * {@code LinkedHashSet}, {@code TreeMap}, {@code TreeSet}, {@code Set.of}, {@code Map.of}) are
 * written and read with a key, or if one of them is {@linkplain Builder#allow named}. To read one
 * is to hash and compare its elements, which bytes of whoever can make take as good as for ever.
 *
 * <p>A filter of the JVM ({@code jdk.serialFilter}) holds as well: what it rejects is not read.
 *
 * <p><b>What is written can be read</b> with the same format. Objects that Java serialisation has
 * written are read once before they go out, so what is over a limit or not allowed is an {@link
 * IOException} of the one who saves.
 *
 * <p>Immutable, for all threads.
 */
public final class ContinuationFormat {
  private final SavedBytes bytes;

  private ContinuationFormat(SavedBytes bytes) {
    this.bytes = bytes;
  }

  /**
   * Returns a format with the default limits and no key.
   *
   * @param types classes of entry points (for a lambda: the class it is written in) and of what
   *     their fields and the inputs have in them
   * @return the format
   */
  public static ContinuationFormat allowing(Class<?>... types) {
    return builder().allow(types).build();
  }

  /**
   * Returns a builder with the default limits.
   *
   * @return a new builder
   */
  public static Builder builder() {
    return new Builder();
  }

  void write(Saved saved, OutputStream out) throws IOException {
    bytes.write(saved, out);
  }

  Saved read(InputStream in, Class<?> entryType) throws IOException {
    return bytes.read(in, entryType);
  }

  /**
   * Makes bytes of entry points, inputs and outcomes in another way than by Java serialisation. It
   * then decides alone which classes are read: the allow list does not count. Used by any thread.
   */
  public interface Codec {
    /**
     * Makes bytes of an object.
     *
     * @param value not {@code null}
     * @return its bytes
     * @throws IOException if it has none
     */
    byte[] write(Object value) throws IOException;

    /**
     * Makes an object of bytes. May be given any bytes, unless the format has a key.
     *
     * @param bytes what {@link #write} returned
     * @return an object like the one that was written
     * @throws IOException if there is none
     */
    Object read(byte[] bytes) throws IOException;
  }

  /** Options of a format; not thread-safe. */
  public static final class Builder {
    private final Allowed allowed = new Allowed();
    private final FormatLimits limits = new FormatLimits();
    private SecretKey key;
    private Codec codec;

    private Builder() {}

    /**
     * Allows classes, with their superclasses and arrays of them. To name a hash or tree collection
     * of the JDK, such as {@code HashMap.class}, or a subclass allows all of these: without a
     * {@linkplain #key key} only for bytes of those who are trusted not to keep the reader busy.
     *
     * @param types classes of entry points (for a lambda: the class it is written in) and of what
     *     their fields and the inputs have in them
     * @return this builder
     */
    public Builder allow(Class<?>... types) {
      for (Class<?> type : types) {
        allowed.add(type);
      }
      return this;
    }

    /**
     * Writes and demands a MAC (HmacSHA256), so that nothing is read but what was written with this
     * key.
     *
     * @param macKey such as {@code new SecretKeySpec(bytes, "HmacSHA256")}, of 32 bytes
     * @return this builder
     */
    public Builder key(SecretKey macKey) {
      key = Objects.requireNonNull(macKey, "macKey");
      return this;
    }

    /**
     * Makes bytes of objects by other means than Java serialisation.
     *
     * @param valueCodec used for entry points, and for inputs and outcomes that are not {@code
     *     null}, {@code Boolean}, {@code Integer}, {@code Long}, {@code Double} or {@code String}
     * @return this builder
     */
    public Builder codec(Codec valueCodec) {
      codec = Objects.requireNonNull(valueCodec, "valueCodec");
      return this;
    }

    /**
     * Limits the size of a saved continuation.
     *
     * @param bytes default 16 MB
     * @return this builder
     */
    public Builder maxBytes(int bytes) {
      limits.bytes(bytes);
      return this;
    }

    /**
     * Limits how deep objects may be nested.
     *
     * @param depth default 32
     * @return this builder
     */
    public Builder maxDepth(int depth) {
      limits.depth(depth);
      return this;
    }

    /**
     * Limits the length of each array, which includes the capacity of collections.
     *
     * @param length default 1,000,000
     * @return this builder
     */
    public Builder maxArrayLength(int length) {
      limits.arrayLength(length);
      return this;
    }

    /**
     * Limits how many steps may be there to be replayed.
     *
     * @param steps default 10,000,000
     * @return this builder
     */
    public Builder maxHistory(long steps) {
      limits.history(steps);
      return this;
    }

    /**
     * Creates the format.
     *
     * @return a format with these options, which later calls of this builder do not change
     */
    public ContinuationFormat build() {
      return new ContinuationFormat(
          new SavedBytes(
              allowed.copy(key != null),
              limits.copy(),
              key,
              codec == null ? null : codec::write,
              codec == null ? null : codec::read));
    }
  }
}
