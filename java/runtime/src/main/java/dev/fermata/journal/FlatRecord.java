// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.journal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A record as it crosses the boundary to native code, which alone knows how a journal is written.
 * {@code flat_record.rs} is the other end.
 *
 * <p>A byte says the kind, and then come the fields in their order: numbers as 8 bytes, big-endian;
 * texts and arrays as their length, 4 bytes, and so many bytes, texts in UTF-8. Where a field may
 * be of several sorts, a byte before it says of which.
 */
final class FlatRecord {
  static final byte ACTION_STARTED = 1;
  static final byte CALL_STARTED = 2;
  static final byte CALL_FINISHED = 3;
  static final byte VALUE_RECORDED = 4;
  static final byte ACTION_FINISHED = 5;

  /** Sorts of outcomes; of values they are the positions of their kinds. */
  static final byte RETURNED = 0;

  static final byte THREW = 1;
  static final byte THREW_WITHOUT_MESSAGE = 2;

  private FlatRecord() {}

  static byte[] encode(JournalRecord record) {
    Writer writer = new Writer();
    record.write(writer);
    return writer.written();
  }

  /** Reads what native code made; anything else is a defect and ends with some exception. */
  static JournalRecord decode(byte[] flat) {
    Reader reader = new Reader(flat);
    byte kind = reader.sort();
    String action = reader.text();
    switch (kind) {
      case ACTION_STARTED:
        return new JournalRecord.ActionStarted(action, reader.bytes());
      case CALL_STARTED:
        return new JournalRecord.CallStarted(
            action, reader.number(), reader.text(), reader.bytes());
      case CALL_FINISHED:
        return callFinished(action, reader);
      case VALUE_RECORDED:
        return new JournalRecord.ValueRecorded(
            action,
            reader.number(),
            JournalRecord.ValueRecorded.Kind.values()[reader.sort()],
            reader.number());
      case ACTION_FINISHED:
        return new JournalRecord.ActionFinished(action);
      default:
        throw new IllegalArgumentException("There is no record of kind " + kind);
    }
  }

  private static JournalRecord callFinished(String action, Reader reader) {
    long place = reader.number();
    byte outcome = reader.sort();
    if (outcome == RETURNED) {
      return new JournalRecord.CallFinished(action, place, reader.bytes());
    }
    String type = reader.text();
    String message = outcome == THREW ? reader.text() : null;
    return new JournalRecord.CallFinished(
        action, place, new JournalRecord.RecordedException(type, message, reader.text()));
  }

  /** Writes one record. */
  static final class Writer {
    private ByteBuffer buffer = ByteBuffer.allocate(128);

    Writer sort(int sort) {
      room(1).put((byte) sort);
      return this;
    }

    Writer number(long number) {
      room(Long.BYTES).putLong(number);
      return this;
    }

    Writer text(String text) {
      return bytes(text.getBytes(StandardCharsets.UTF_8));
    }

    Writer bytes(byte[] bytes) {
      room(Integer.BYTES + bytes.length).putInt(bytes.length).put(bytes);
      return this;
    }

    private ByteBuffer room(int bytes) {
      if (buffer.remaining() < bytes) {
        int needed = Math.addExact(buffer.position(), bytes);
        byte[] larger = Arrays.copyOf(buffer.array(), needed + needed / 4);
        buffer = ByteBuffer.wrap(larger).position(buffer.position());
      }
      return buffer;
    }

    private byte[] written() {
      return Arrays.copyOf(buffer.array(), buffer.position());
    }
  }

  private static final class Reader {
    private final ByteBuffer flat;

    Reader(byte[] flat) {
      this.flat = ByteBuffer.wrap(flat);
    }

    byte sort() {
      return flat.get();
    }

    long number() {
      return flat.getLong();
    }

    String text() {
      return new String(bytes(), StandardCharsets.UTF_8);
    }

    byte[] bytes() {
      byte[] bytes = new byte[flat.getInt()];
      flat.get(bytes);
      return bytes;
    }
  }
}
