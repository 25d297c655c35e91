// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import dev.fermata.internal.continuation.Saved;
import dev.fermata.internal.continuation.SavedObjects;
import dev.fermata.internal.continuation.SavedReference;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;

/**
 * A {@link Generator} in a stream of Java serialisation: its fields and history are objects of that
 * stream, so that its reader's filter sees them all.
 */
final class SavedGenerator implements SavedReference, Serializable {
  private static final long serialVersionUID = 1L;

  private transient Saved saved;

  SavedGenerator(Saved saved) {
    this.saved = saved;
  }

  private void writeObject(ObjectOutputStream out) throws IOException {
    SavedObjects.write(saved, out);
  }

  private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
    saved = SavedObjects.read(in, Generator.class);
  }

  private Object readResolve() throws InvalidObjectException {
    return Generator.restored(saved);
  }
}
