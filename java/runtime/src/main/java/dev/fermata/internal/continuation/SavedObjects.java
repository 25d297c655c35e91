// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.continuation;

import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;

/** What was saved, as objects of a stream of Java serialisation; version 1. */
public final class SavedObjects {
  private static final int VERSION = 1;

  private SavedObjects() {}

  /** Writes it. */
  public static void write(Saved saved, ObjectOutputStream out) throws IOException {
    out.writeByte(VERSION);
    out.writeByte(saved.state().ordinal());
    out.writeObject(saved.entry());
    Step[] steps = saved.history().steps();
    out.writeInt(steps.length);
    for (Step step : steps) {
      out.writeLong(step.nulls);
      out.writeByte(step.kind.ordinal());
      out.writeObject(step.value);
    }
    out.writeLong(saved.history().nulls());
  }

  /**
   * Reads it.
   *
   * @param entryType what the entry point must be
   * @throws InvalidObjectException if it is not what {@link #write} writes
   */
  public static Saved read(ObjectInputStream in, Class<?> entryType)
      throws IOException, ClassNotFoundException {
    int version = in.readUnsignedByte();
    if (version != VERSION) {
      throw new InvalidObjectException(
          "version " + version + " is unknown, this is version " + VERSION);
    }
    Saved.State state = SavedForm.constant(Saved.State.values(), in.readUnsignedByte());
    Object entry = in.readObject();
    SavedForm.checkEntry(state, entry, entryType);
    int count = in.readInt();
    if (count < 0) {
      throw new InvalidObjectException(count + " is no number of steps");
    }
    Step last = null;
    for (int i = 0; i < count; i++) {
      long nulls = SavedForm.checkNulls(in.readLong());
      Step.Kind kind = SavedForm.constant(Step.Kind.values(), in.readUnsignedByte());
      last = SavedForm.step(last, nulls, kind, in.readObject());
    }
    History history = new History(last, SavedForm.checkNulls(in.readLong()));
    if (in instanceof Allowed.Reader) {
      ((Allowed.Reader) in).limits().checkHistory(history.length());
    }
    return new Saved(state, entry, history);
  }
}
