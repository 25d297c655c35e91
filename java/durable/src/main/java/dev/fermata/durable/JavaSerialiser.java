// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputFilter;
import java.io.ObjectInputFilter.Status;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.util.Objects;

/**
 * Results and arguments by Java's own serialisation, for types that have no JSON form. Reading it
 * runs code of the classes that the bytes name: so those have to be named here, and a class that
 * the filter does not expressly allow is refused.
 *
 * <p>Immutable.
 */
public final class JavaSerialiser implements Serialiser {
  private static final int MAX_DEPTH = 1_000;

  private final ObjectInputFilter filter;

  private JavaSerialiser(ObjectInputFilter filter) {
    this.filter = filter;
  }

  /**
   * Makes a serialiser.
   *
   * @param filter has to allow each class that is read, those of the platform included, but for
   *     arrays of primitives: {@code
   *     ObjectInputFilter.Config.createFilter("com.acme.Receipt;java.util.ArrayList")}
   * @return a serialiser
   */
  public static JavaSerialiser withFilter(ObjectInputFilter filter) {
    return new JavaSerialiser(Objects.requireNonNull(filter, "filter"));
  }

  @Override
  public byte[] serialise(Object value) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(value);
    }
    return bytes.toByteArray();
  }

  @Override
  public <T> T deserialise(byte[] bytes, ResultType<T> type) throws Exception {
    try (ObjectInputStream in = new Input(new ByteArrayInputStream(bytes))) {
      in.setObjectInputFilter(info -> check(info, bytes.length));
      Object value = in.readObject();
      @SuppressWarnings("unchecked")
      T result = (T) type.rawClass().cast(value);
      return result;
    }
  }

  /** Each element of an array, and each object, takes a byte at least: more is no honest length. */
  private Status check(ObjectInputFilter.FilterInfo info, int bytes) {
    if (info.arrayLength() > bytes || info.references() > bytes || info.depth() > MAX_DEPTH) {
      return Status.REJECTED;
    }
    Status status = filter.checkInput(info);
    return status == Status.UNDECIDED && isClass(info.serialClass()) ? Status.REJECTED : status;
  }

  /** Whether it has to be allowed: primitives, and arrays of them, no pattern can match. */
  private static boolean isClass(Class<?> read) {
    Class<?> element = read;
    while (element != null && element.isArray()) {
      element = element.getComponentType();
    }
    return element != null && !element.isPrimitive();
  }

  @Override
  public String toString() {
    return "Java serialisation";
  }

  /** Finds the classes that the action sees. */
  private static final class Input extends ObjectInputStream {
    Input(InputStream in) throws IOException {
      super(in);
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass description)
        throws IOException, ClassNotFoundException {
      ClassLoader loader = Thread.currentThread().getContextClassLoader();
      if (loader != null) {
        try {
          return Class.forName(description.getName(), false, loader);
        } catch (ClassNotFoundException elsewhere) {
          return super.resolveClass(description);
        }
      }
      return super.resolveClass(description);
    }
  }
}
