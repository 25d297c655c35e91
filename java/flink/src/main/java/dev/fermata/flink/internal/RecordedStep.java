// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import java.io.IOException;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/** A step in the journal, with the circumstances under which its outcome holds. */
final class RecordedStep {
  final Step step;
  private final int version;
  private final long reads;

  /**
   * Creates the record of a step, done or not.
   *
   * @param version of the function
   * @param reads digest of what it had read from keyed state
   */
  RecordedStep(Step step, int version, long reads) {
    this.step = step;
    this.version = version;
    this.reads = reads;
  }

  boolean isSame(RecordedStep other) {
    return version == other.version && reads == other.reads && step.isSame(other.step);
  }

  /** Whether to ask for it anew costs nothing: what is built on it takes its record along. */
  boolean isFree() {
    return step.kind() == Step.Kind.CLOCK || step.kind() == Step.Kind.RANDOM;
  }

  byte[] write() throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(128);
    out.writeInt(version);
    out.writeLong(reads);
    step.write(out);
    return out.getCopyOfBuffer();
  }

  static RecordedStep read(byte[] record) throws IOException {
    DataInputDeserializer in = new DataInputDeserializer(record);
    int version = in.readInt();
    long reads = in.readLong();
    return new RecordedStep(Step.read(in), version, reads);
  }
}
