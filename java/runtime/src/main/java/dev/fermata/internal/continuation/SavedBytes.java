// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.continuation;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InvalidObjectException;
import java.io.OutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import javax.crypto.Mac;
import javax.crypto.SecretKey;

/**
 * What was saved, as bytes: version 1 of Fermata's own format. Numbers are big endian.
 *
 * <pre>
 * magic "FMCN" | version u8 | flags u8 (1: MAC, 2: codec) | length u32 | body | MAC, 32 bytes
 * body:  state u8 | entry value | steps u32 | steps | nulls u64
 * step:  nulls u64 | kind u8 | value
 * value: tag u8: 0 null, 1 false, 2 true, 3 i32, 4 i64, 5 f64, 6 length u32 and UTF-8,
 *        7 length u32 and bytes of Java serialisation or of the codec
 * </pre>
 *
 * <p>Immutable, for all threads.
 */
public final class SavedBytes {
  /** Makes bytes of an object. */
  @FunctionalInterface
  public interface Encoder {
    /** Makes them. */
    byte[] write(Object value) throws IOException;
  }

  /** Makes an object of bytes. */
  @FunctionalInterface
  public interface Decoder {
    /** Makes it. */
    Object read(byte[] bytes) throws IOException;
  }

  private static final int MAGIC = 0x464d434e;
  private static final int VERSION = 1;
  private static final int WITH_MAC = 1;
  private static final int WITH_CODEC = 2;
  private static final int HEADER_BYTES = 10;
  private static final int MAC_BYTES = 32;
  private static final String MAC_ALGORITHM = "HmacSHA256";

  private static final int NULL = 0;
  private static final int FALSE = 1;
  private static final int TRUE = 2;
  private static final int INTEGER = 3;
  private static final int LONG = 4;
  private static final int DOUBLE = 5;
  private static final int STRING = 6;
  private static final int OBJECT = 7;

  private final FormatLimits limits;
  private final SecretKey key;
  private final int flags;
  private final Encoder encoder;
  private final Decoder decoder;

  /**
   * @param key or {@code null} for no MAC
   * @param encoder or {@code null} for Java serialisation, as the decoder
   */
  public SavedBytes(
      Allowed allowed, FormatLimits limits, SecretKey key, Encoder encoder, Decoder decoder) {
    this.limits = limits;
    this.key = key;
    this.encoder = encoder == null ? value -> allowed.write(value, limits) : encoder;
    this.decoder = decoder == null ? bytes -> allowed.read(bytes, limits) : decoder;
    flags = (key == null ? 0 : WITH_MAC) | (encoder == null ? 0 : WITH_CODEC);
  }

  /** Writes it, nothing if it could not be read again. */
  public void write(Saved saved, OutputStream out) throws IOException {
    limits.checkHistory(saved.history().length());
    byte[] body;
    try {
      body = body(saved);
    } catch (StackOverflowError | LinkageError failed) {
      throw failure("A continuation cannot be saved: " + failed, failed);
    }
    if (body.length > limits.bytes()) {
      throw new IOException(tooLarge(body.length));
    }
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
    header.putInt(MAGIC).put((byte) VERSION).put((byte) flags).putInt(body.length);
    out.write(header.array());
    out.write(body);
    if (key != null) {
      out.write(mac(header.array(), body));
    }
    out.flush();
  }

  private byte[] body(Saved saved) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeByte(saved.state().ordinal());
    writeValue(saved.entry(), out);
    Step[] steps = saved.history().steps();
    out.writeInt(steps.length);
    for (Step step : steps) {
      out.writeLong(step.nulls);
      out.writeByte(step.kind.ordinal());
      writeValue(step.value, out);
    }
    out.writeLong(saved.history().nulls());
    return bytes.toByteArray();
  }

  private void writeValue(Object value, DataOutputStream out) throws IOException {
    if (value == null) {
      out.writeByte(NULL);
    } else if (value instanceof Boolean) {
      out.writeByte((Boolean) value ? TRUE : FALSE);
    } else if (value instanceof Integer) {
      out.writeByte(INTEGER);
      out.writeInt((Integer) value);
    } else if (value instanceof Long) {
      out.writeByte(LONG);
      out.writeLong((Long) value);
    } else if (value instanceof Double) {
      out.writeByte(DOUBLE);
      out.writeDouble((Double) value);
    } else {
      byte[] utf8 = value instanceof String ? utf8((String) value) : null;
      byte[] bytes = utf8 == null ? encoder.write(value) : utf8;
      out.writeByte(utf8 == null ? OBJECT : STRING);
      out.writeInt(bytes.length);
      out.write(bytes);
    }
  }

  /** Its bytes, or {@code null} if it has none, for it has half a surrogate pair. */
  private static byte[] utf8(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return new String(bytes, StandardCharsets.UTF_8).equals(text) ? bytes : null;
  }

  /**
   * Reads it, and no byte more.
   *
   * @param entryType what the entry point must be
   */
  public Saved read(InputStream in, Class<?> entryType) throws IOException {
    byte[] header = exactly(in, HEADER_BYTES);
    ByteBuffer fields = ByteBuffer.wrap(header);
    if (fields.getInt() != MAGIC) {
      throw new InvalidObjectException("This is no saved continuation");
    }
    int version = fields.get();
    if (version != VERSION) {
      throw new InvalidObjectException(
          "A saved continuation of version " + version + ", but only " + VERSION + " is known");
    }
    checkFlags(fields.get());
    int length = fields.getInt();
    if (length < 0 || length > limits.bytes()) {
      throw new InvalidObjectException(tooLarge(length & 0xffff_ffffL));
    }
    byte[] body = exactly(in, length);
    if (key != null && !MessageDigest.isEqual(mac(header, body), exactly(in, MAC_BYTES))) {
      throw new InvalidObjectException(
          "The MAC is wrong: the saved continuation was written with another key, or changed");
    }
    try {
      return saved(ByteBuffer.wrap(body), entryType);
    } catch (BufferUnderflowException truncated) {
      throw new InvalidObjectException("A saved continuation ends in the middle");
    } catch (RuntimeException | StackOverflowError | LinkageError damaged) {
      throw failure("A saved continuation cannot be read: " + damaged, damaged);
    }
  }

  private static IOException failure(String message, Throwable cause) {
    IOException failure = new InvalidObjectException(message);
    failure.initCause(cause);
    return failure;
  }

  private void checkFlags(int found) throws InvalidObjectException {
    if (found == flags) {
      return;
    }
    if ((found & WITH_MAC) != (flags & WITH_MAC)) {
      throw new InvalidObjectException(
          key == null
              ? "The saved continuation has a MAC: read it with a format that has its key"
              : "The saved continuation has no MAC, and the format has a key");
    }
    throw new InvalidObjectException(
        "The saved continuation was written with"
            + ((found & WITH_CODEC) == 0 ? "out" : "")
            + " a codec, or by a newer version (flags "
            + found
            + ")");
  }

  private String tooLarge(long length) {
    return "A saved continuation of "
        + length
        + " bytes, at most "
        + limits.bytes()
        + " are allowed: raise maxBytes, or take snapshots more often";
  }

  private static byte[] exactly(InputStream in, int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw new EOFException("A saved continuation ends in the middle");
    }
    return bytes;
  }

  private byte[] mac(byte[] header, byte[] body) throws IOException {
    try {
      Mac mac = Mac.getInstance(MAC_ALGORITHM);
      mac.init(key);
      mac.update(header);
      return mac.doFinal(body);
    } catch (GeneralSecurityException unusable) {
      throw new IOException(
          "The MAC cannot be made with this key: " + unusable.getMessage(), unusable);
    }
  }

  private Saved saved(ByteBuffer body, Class<?> entryType) throws IOException {
    Saved.State state = SavedForm.constant(Saved.State.values(), body.get() & 0xff);
    Object entry = readValue(body);
    SavedForm.checkEntry(state, entry, entryType);
    History history = history(body);
    if (body.hasRemaining()) {
      throw new InvalidObjectException("A saved continuation has bytes after its end");
    }
    return new Saved(state, entry, history);
  }

  private History history(ByteBuffer body) throws IOException {
    long count = body.getInt() & 0xffff_ffffL;
    long length = 0;
    Step last = null;
    for (long i = 0; i < count; i++) {
      long nulls = SavedForm.checkNulls(body.getLong());
      length += nulls + 1;
      limits.checkHistory(length);
      Step.Kind kind = SavedForm.constant(Step.Kind.values(), body.get() & 0xff);
      last = SavedForm.step(last, nulls, kind, readValue(body));
    }
    long nulls = SavedForm.checkNulls(body.getLong());
    limits.checkHistory(length + nulls);
    return new History(last, nulls);
  }

  private Object readValue(ByteBuffer body) throws IOException {
    int tag = body.get();
    switch (tag) {
      case NULL:
        return null;
      case FALSE:
      case TRUE:
        return tag == TRUE;
      case INTEGER:
        return body.getInt();
      case LONG:
        return body.getLong();
      case DOUBLE:
        return body.getDouble();
      case STRING:
        return new String(bytes(body), StandardCharsets.UTF_8);
      case OBJECT:
        return decoder.read(bytes(body));
      default:
        throw new InvalidObjectException("tag " + tag + " is unknown");
    }
  }

  private static byte[] bytes(ByteBuffer body) {
    int length = body.getInt();
    if (length < 0 || length > body.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[length];
    body.get(bytes);
    return bytes;
  }
}
