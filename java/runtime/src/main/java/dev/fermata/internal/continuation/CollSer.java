// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.continuation;

import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectStreamField;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Is read in place of {@code java.util.CollSer}, which is what every JDK from 9 on writes for the
 * immutable lists, sets and maps. That one cannot be allowed, for it hashes the elements of sets
 * and maps; and on JDK 11 it does not know the lists of {@code Stream.toList}, which may hold
 * {@code null}. Java serialisation takes it for that class by its simple name and its version.
 */
final class CollSer implements Serializable {
  static final String REPLACED = "java.util.CollSer";

  private static final long serialVersionUID = 6309168927139932177L;

  private static final int LIST = 1;
  private static final int SET = 2;
  private static final int MAP = 3;
  private static final int LIST_WITH_NULLS = 4;

  private static final ObjectStreamField[] serialPersistentFields = {
    new ObjectStreamField("tag", int.class)
  };

  /** The class that is replaced. */
  private static final Class<?> ORIGINAL = original();

  private transient int kind;
  private transient List<Object> elements;

  private static Class<?> original() {
    try {
      return Class.forName(REPLACED);
    } catch (ClassNotFoundException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** The same for a filter that knows the class that is replaced, not this one. */
  static ObjectInputFilter.FilterInfo unreplaced(ObjectInputFilter.FilterInfo info) {
    if (info.serialClass() != CollSer.class) {
      return info;
    }
    return new ObjectInputFilter.FilterInfo() {
      @Override
      public Class<?> serialClass() {
        return ORIGINAL;
      }

      @Override
      public long arrayLength() {
        return info.arrayLength();
      }

      @Override
      public long depth() {
        return info.depth();
      }

      @Override
      public long references() {
        return info.references();
      }

      @Override
      public long streamBytes() {
        return info.streamBytes();
      }
    };
  }

  private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
    if (!(in instanceof Allowed.Reader)) {
      throw new InvalidObjectException("This collection is part of a saved continuation alone");
    }
    kind = in.readFields().get("tag", 0) & 0xff;
    int length = in.readInt();
    boolean hashes = kind == SET || kind == MAP;
    ((Allowed.Reader) in).checkCollection(hashes, length);
    elements = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      elements.add(in.readObject());
    }
  }

  private Object readResolve() throws InvalidObjectException {
    try {
      switch (kind) {
        case LIST:
          return List.of(elements.toArray());
        case SET:
          return Set.of(elements.toArray());
        case MAP:
          return map();
        case LIST_WITH_NULLS:
          return Collections.unmodifiableList(elements);
        default:
          throw new InvalidObjectException("collection of kind " + kind + " is unknown");
      }
    } catch (NullPointerException | IllegalArgumentException damaged) {
      InvalidObjectException failure = new InvalidObjectException("A collection is damaged");
      failure.initCause(damaged);
      throw failure;
    }
  }

  private Map<?, ?> map() throws InvalidObjectException {
    if (elements.size() % 2 != 0) {
      throw new InvalidObjectException("A map has a key without a value");
    }
    Map.Entry<?, ?>[] entries = new Map.Entry<?, ?>[elements.size() / 2];
    for (int i = 0; i < entries.length; i++) {
      entries[i] = Map.entry(elements.get(2 * i), elements.get(2 * i + 1));
    }
    return Map.ofEntries(entries);
  }
}
