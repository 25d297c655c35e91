// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.continuation;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InvalidClassException;
import java.io.InvalidObjectException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Which classes Java serialisation may write and read, by name: those that the user names, and
 * plain values of the JDK, which run no code of another class. A class that is not allowed is not
 * even loaded.
 *
 * <p>Hash and tree collections are not among them: reading one calls {@code hashCode}, {@code
 * equals} and {@code compareTo} of what is in it, and a few kilobytes can make that take years, by
 * elements that share what they hold, or by keys of several classes that collide. No limit on
 * depth, size or shared references excludes all such bytes and lets the honest ones through, so
 * these classes are left to who names one of them, or reads nothing but what has a MAC.
 */
public final class Allowed {
  private static final Set<String> BY_DEFAULT =
      Set.of(
          "java.lang.Boolean",
          "java.lang.Byte",
          "java.lang.Character",
          "java.lang.Double",
          "java.lang.Enum",
          "java.lang.Float",
          "java.lang.Integer",
          "java.lang.Long",
          "java.lang.Number",
          "java.lang.Object",
          "java.lang.Short",
          "java.lang.String",
          "java.lang.StackTraceElement",
          "java.lang.Throwable",
          "java.lang.Exception",
          "java.lang.RuntimeException",
          "java.lang.Error",
          "java.lang.ArithmeticException",
          "java.lang.ArrayIndexOutOfBoundsException",
          "java.lang.AssertionError",
          "java.lang.ClassCastException",
          "java.lang.IllegalArgumentException",
          "java.lang.IllegalStateException",
          "java.lang.IndexOutOfBoundsException",
          "java.lang.InterruptedException",
          "java.lang.NullPointerException",
          "java.lang.NumberFormatException",
          "java.lang.UnsupportedOperationException",
          "java.io.EOFException",
          "java.io.FileNotFoundException",
          "java.io.IOException",
          "java.io.UncheckedIOException",
          "java.util.NoSuchElementException",
          "java.util.ConcurrentModificationException",
          "java.util.concurrent.CancellationException",
          "java.util.concurrent.CompletionException",
          "java.util.concurrent.ExecutionException",
          "java.util.concurrent.TimeoutException",
          // Made by the class that a lambda is written in, which has to be allowed by name.
          "java.lang.invoke.SerializedLambda",
          "java.math.BigDecimal",
          "java.math.BigInteger",
          "java.time.Ser",
          "java.util.AbstractList",
          "java.util.ArrayDeque",
          "java.util.ArrayList",
          "java.util.Arrays$ArrayList",
          "java.util.BitSet",
          "java.util.Collections$EmptyList",
          "java.util.Collections$EmptyMap",
          "java.util.Collections$EmptySet",
          "java.util.Collections$SingletonList",
          "java.util.Collections$UnmodifiableCollection",
          "java.util.Collections$UnmodifiableList",
          "java.util.Collections$UnmodifiableRandomAccessList",
          "java.util.Date",
          "java.util.LinkedList",
          "java.util.Random",
          "java.util.UUID",
          "java.util.concurrent.atomic.AtomicInteger",
          "java.util.concurrent.atomic.AtomicLong",
          "dev.fermata.ActionAbortedError",
          "dev.fermata.continuation.ContinuationExecutionException",
          "dev.fermata.continuation.Generator",
          "dev.fermata.continuation.IllegalContinuationStateException",
          "dev.fermata.continuation.NonDeterministicContinuationException",
          "dev.fermata.continuation.SavedContinuation",
          "dev.fermata.continuation.SavedGenerator",
          "dev.fermata.continuation.SuspendCapability");

  private static final Set<String> HASHING =
      Set.of(
          "java.util.HashMap",
          "java.util.HashSet",
          "java.util.LinkedHashMap",
          "java.util.LinkedHashSet",
          "java.util.TreeMap",
          "java.util.TreeSet");

  private static final String HASHING_REFUSED =
      "hash and tree collections, whose bytes can be made so that reading them takes for ever, are"
          + " not allowed without a key: set ContinuationFormat.Builder.key, or, where whoever writes"
          + " the bytes is trusted, name one by allow(HashMap.class)";

  private final Map<String, Class<?>> named = new HashMap<>();

  /** Whether hash and tree collections are allowed: each of them makes the same attack possible. */
  private boolean hashing;

  /** Allows a class, its superclasses and, if it is an array, its components. */
  public void add(Class<?> type) {
    Class<?> component = type;
    while (component.isArray()) {
      component = component.getComponentType();
    }
    for (Class<?> part = component; part != null; part = part.getSuperclass()) {
      named.put(part.getName(), part);
      hashing |= HASHING.contains(part.getName());
    }
  }

  /**
   * Returns the same, which does not change with this.
   *
   * @param authentic whether nothing is read but what was written with a key: then hash and tree
   *     collections are allowed
   */
  public Allowed copy(boolean authentic) {
    Allowed copy = new Allowed();
    copy.named.putAll(named);
    copy.hashing = hashing || authentic;
    return copy;
  }

  private boolean isAllowed(String name) {
    String component = component(name);
    return component.isEmpty()
        || named.containsKey(component)
        || BY_DEFAULT.contains(component)
        || hashing && HASHING.contains(component);
  }

  /** The class of the elements of arrays, of any depth; empty for primitive ones. */
  private static String component(String name) {
    int depth = name.lastIndexOf('[') + 1;
    if (depth == 0) {
      return name;
    }
    return name.endsWith(";") ? name.substring(depth + 1, name.length() - 1) : "";
  }

  private static InvalidClassException refused(String name) {
    if (HASHING.contains(component(name))) {
      return new InvalidClassException(name, HASHING_REFUSED);
    }
    return new InvalidClassException(
        name,
        "the class is not allowed: name it by ContinuationFormat.Builder.allow if it is one of"
            + " yours");
  }

  /**
   * Makes bytes of an object, which are read once: what is written here is to be read elsewhere,
   * and only reading tells whether it is allowed and within the limits.
   */
  byte[] write(Object value, FormatLimits limits) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(128);
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(value);
    }
    byte[] written = bytes.toByteArray();
    read(written, limits);
    return written;
  }

  /** Makes an object of bytes. */
  Object read(byte[] bytes, FormatLimits limits) throws IOException {
    try (Reader in = new Reader(bytes, limits)) {
      return in.value();
    }
  }

  /** Reads one value; what is read may ask it what is allowed. */
  final class Reader extends ObjectInputStream {
    private final FormatLimits limits;

    /** That of the JVM, which one that is set would replace; or {@code null}. */
    private final ObjectInputFilter processFilter;

    /** Why the filter rejected something, which its exception does not say; or {@code null}. */
    private String rejection;

    Reader(byte[] bytes, FormatLimits limits) throws IOException {
      super(new ByteArrayInputStream(bytes));
      this.limits = limits;
      processFilter = getObjectInputFilter();
      setObjectInputFilter(this::check);
    }

    Object value() throws IOException {
      try {
        return readObject();
      } catch (ClassNotFoundException missing) {
        throw new InvalidClassException(missing.getMessage(), "there is no such class");
      } catch (InvalidClassException rejected) {
        if (rejection != null) {
          throw new InvalidObjectException(rejection);
        }
        throw rejected;
      }
    }

    private ObjectInputFilter.Status check(ObjectInputFilter.FilterInfo info) {
      ObjectInputFilter.FilterInfo seen = CollSer.unreplaced(info);
      if (processFilter != null
          && processFilter.checkInput(seen) == ObjectInputFilter.Status.REJECTED) {
        rejection = "The filter of this JVM (jdk.serialFilter) rejects " + seen.serialClass();
      } else {
        rejection = limits.excess(info.depth(), info.arrayLength(), info.references());
      }
      return rejection == null
          ? ObjectInputFilter.Status.UNDECIDED
          : ObjectInputFilter.Status.REJECTED;
    }

    FormatLimits limits() {
      return limits;
    }

    /** Refuses a collection that is too long, or that hashes its elements if none may. */
    void checkCollection(boolean hashes, int length) throws IOException {
      if (hashes && !hashing) {
        throw new InvalidClassException("java.util.ImmutableCollections", HASHING_REFUSED);
      }
      String excess = limits.excess(0, length, 0);
      if (excess != null) {
        throw new InvalidObjectException(excess);
      }
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass description)
        throws IOException, ClassNotFoundException {
      String name = description.getName();
      if (name.equals(CollSer.REPLACED)) {
        return CollSer.class;
      }
      Class<?> own = named.get(name);
      if (own != null) {
        return own;
      }
      if (!isAllowed(name)) {
        throw refused(name);
      }
      Class<?> element = named.get(component(name));
      ClassLoader loader =
          element == null ? Allowed.class.getClassLoader() : element.getClassLoader();
      return Class.forName(name, false, loader);
    }

    @Override
    protected Class<?> resolveProxyClass(String[] interfaces) throws IOException {
      throw refused("a dynamic proxy of " + String.join(", ", interfaces));
    }
  }
}
