// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.continuation;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;

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
  private final ClassLoader loader;
  private final IOException failure;

  private EntryImage(Object stateless, byte[] bytes, ClassLoader loader, IOException failure) {
    this.stateless = stateless;
    this.bytes = bytes;
    this.loader = loader;
    this.failure = failure;
  }

  /** Takes an image; one that cannot be taken says so when it is used. */
  public static EntryImage of(Object entry) {
    if (STATELESS.get(entry.getClass())) {
      return new EntryImage(entry, null, null, null);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(entry);
    } catch (IOException notSerialisable) {
      return new EntryImage(null, null, null, notSerialisable);
    } catch (RuntimeException | StackOverflowError notSerialisable) {
      return new EntryImage(
          null, null, null, new IOException(notSerialisable.toString(), notSerialisable));
    }
    return new EntryImage(null, bytes.toByteArray(), entry.getClass().getClassLoader(), null);
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
    try (ObjectInputStream in = new OwnBytes(new ByteArrayInputStream(bytes), loader)) {
      return in.readObject();
    } catch (IOException | ClassNotFoundException e) {
      throw new IllegalStateException(
          "The entry point was serialised and cannot be read again: " + e, e);
    }
  }

  /** What this class has written itself. */
  private static final class OwnBytes extends ObjectInputStream {
    private final ClassLoader loader;

    OwnBytes(InputStream in, ClassLoader loader) throws IOException {
      super(in);
      this.loader = loader;
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass type)
        throws IOException, ClassNotFoundException {
      try {
        return Class.forName(type.getName(), false, loader);
      } catch (ClassNotFoundException elsewhere) {
        return resolveElsewhere(type);
      }
    }

    private Class<?> resolveElsewhere(ObjectStreamClass type)
        throws IOException, ClassNotFoundException {
      ClassLoader context = Thread.currentThread().getContextClassLoader();
      if (context != null) {
        try {
          return Class.forName(type.getName(), false, context);
        } catch (ClassNotFoundException neither) {
          // Perhaps a primitive type, which the stream knows.
        }
      }
      return super.resolveClass(type);
    }
  }
}
