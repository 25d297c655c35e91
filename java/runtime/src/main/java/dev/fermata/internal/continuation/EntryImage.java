// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.continuation;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.OutputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * An entry point as it was at one moment, of which any number can be made. Immutable.
 *
 * <p>It is kept as bytes of Java serialisation that never leave the process, or as the object
 * itself if that has no state.
 */
public final class EntryImage {
  private static final ClassValue<Boolean> STATELESS =
      new ClassValue<>() {
        @Override
        protected Boolean computeValue(Class<?> type) {
          for (Class<?> part = type; part != Object.class; part = part.getSuperclass()) {
            for (Field field : part.getDeclaredFields()) {
              if (!Modifier.isStatic(field.getModifiers())) {
                return false;
              }
            }
          }
          return true;
        }
      };

  private final Object stateless;
  private final byte[] bytes;

  /** Those in the bytes, in their order: a name may stand for several. */
  private final List<Class<?>> classes;

  private final IOException failure;

  private EntryImage(Object stateless, byte[] bytes, List<Class<?>> classes, IOException failure) {
    this.stateless = stateless;
    this.bytes = bytes;
    this.classes = classes;
    this.failure = failure;
  }

  /** Takes an image; one that cannot be taken says so when it is used. */
  public static EntryImage of(Object entry) {
    if (STATELESS.get(entry.getClass())) {
      return new EntryImage(entry, null, null, null);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    List<Class<?>> classes = new ArrayList<>();
    try (ObjectOutputStream out = new Writer(bytes, classes)) {
      out.writeObject(entry);
    } catch (IOException notSerialisable) {
      return new EntryImage(null, null, null, notSerialisable);
    } catch (RuntimeException | StackOverflowError notSerialisable) {
      return new EntryImage(
          null, null, null, new IOException(notSerialisable.toString(), notSerialisable));
    }
    return new EntryImage(null, bytes.toByteArray(), classes, null);
  }

  /** Why it could not be taken, or {@code null}. */
  public IOException failure() {
    return failure;
  }

  /**
   * Makes the entry point as it was.
   *
   * @throws IllegalStateException if that cannot be done
   */
  public Object make() {
    if (stateless != null) {
      return stateless;
    }
    if (failure != null) {
      throw new IllegalStateException(
          "The entry point cannot be serialised (" + failure.getMessage() + ")", failure);
    }
    try (ObjectInputStream in = new Reader(bytes, classes.iterator())) {
      return in.readObject();
    } catch (IOException | ClassNotFoundException e) {
      throw new IllegalStateException(
          "The entry point was serialised and cannot be read again: " + e, e);
    }
  }

  private static final class Writer extends ObjectOutputStream {
    private final List<Class<?>> classes;

    Writer(OutputStream out, List<Class<?>> classes) throws IOException {
      super(out);
      this.classes = classes;
    }

    @Override
    protected void annotateClass(Class<?> type) {
      classes.add(type);
    }

    @Override
    protected void annotateProxyClass(Class<?> type) {
      classes.add(type);
    }
  }

  private static final class Reader extends ObjectInputStream {
    private final Iterator<Class<?>> classes;

    Reader(byte[] bytes, Iterator<Class<?>> classes) throws IOException {
      super(new ByteArrayInputStream(bytes));
      this.classes = classes;
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass type) {
      return classes.next();
    }

    @Override
    protected Class<?> resolveProxyClass(String[] interfaces) {
      return classes.next();
    }
  }
}
