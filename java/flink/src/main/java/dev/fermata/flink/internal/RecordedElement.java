// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import dev.fermata.journal.JournalRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What journals know of one element: an action that is started when the element arrives, and a
 * finished call for each step. A step is one record, so that it is there as a whole or not at all.
 */
final class RecordedElement {
  /** Of an element that has not arrived again since an attempt took its record over. */
  static final long NOT_ARRIVED = Long.MAX_VALUE;

  /** In place of a step that does not count any more. */
  static final byte[] VOID = {};

  private static final int HEAD = Long.BYTES;

  final String id;

  /** By place, the {@link RecordedStep}. */
  final Map<Integer, byte[]> steps = new TreeMap<>();

  /** Null if no journal says which element this is. */
  private byte[] start;

  private RecordedElement(String id) {
    this.id = id;
  }

  /**
   * Reads the records of an element.
   *
   * @throws IOException if they are not of an element
   */
  static RecordedElement read(String id, List<JournalRecord> records) throws IOException {
    RecordedElement element = new RecordedElement(id);
    for (JournalRecord record : records) {
      if (record instanceof JournalRecord.ActionStarted) {
        element.start = ((JournalRecord.ActionStarted) record).digest();
      } else if (record instanceof JournalRecord.CallFinished) {
        JournalRecord.CallFinished step = (JournalRecord.CallFinished) record;
        int place = Math.toIntExact(step.place());
        if (step.value().length == 0) {
          element.steps.remove(place);
        } else {
          element.steps.put(place, step.value());
        }
      }
    }
    if (element.start != null && element.start.length < HEAD) {
      throw new IOException("The records of " + id + " in the journal are not those of an element");
    }
    return element;
  }

  /**
   * Makes the record of an arrival.
   *
   * @param id of the element
   * @param digest of key, element and the like
   * @param epoch the latest checkpoint before it arrived
   */
  static JournalRecord started(String id, byte[] digest, long epoch) {
    ByteBuffer start = ByteBuffer.allocate(HEAD + digest.length).putLong(epoch).put(digest);
    return new JournalRecord.ActionStarted(id, start.array());
  }

  /**
   * Adds the records by which a later attempt takes it over.
   *
   * @param digest of key, element and the like
   * @param epoch the latest checkpoint before it arrived, or {@link #NOT_ARRIVED}
   */
  void addTo(List<JournalRecord> records, byte[] digest, long epoch) {
    records.add(started(id, digest, epoch));
    steps.forEach((place, step) -> records.add(new JournalRecord.CallFinished(id, place, step)));
  }

  /** Whether it is known which element this is; otherwise it has neither epoch nor digest. */
  boolean isStarted() {
    return start != null;
  }

  /** The latest checkpoint before it arrived, or {@link #NOT_ARRIVED}. */
  long epoch() {
    return ByteBuffer.wrap(start).getLong();
  }

  /** Digest of key, element and the like. */
  byte[] digest() {
    return Arrays.copyOfRange(start, HEAD, start.length);
  }
}
