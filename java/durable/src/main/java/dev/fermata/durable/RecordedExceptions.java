// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import dev.fermata.journal.JournalRecord.RecordedException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Constructor;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Exceptions as text, and back: those of listed classes are made again. No class is looked up by a
 * name from a record. Immutable, for any thread.
 */
final class RecordedExceptions {
  /** Of what every record may have: longer texts are cut off. */
  private static final int MAX_CHARS = 32 * 1024;

  private static final int SHORT_CHARS = 200;

  private static final List<Class<?>[]> SIGNATURES =
      List.of(
          new Class<?>[] {String.class},
          new Class<?>[] {String.class, Throwable.class},
          new Class<?>[] {});

  private final Map<String, Constructor<?>> constructors = new HashMap<>();

  /**
   * Takes the list.
   *
   * @throws IllegalArgumentException if one of the classes cannot be made again
   */
  RecordedExceptions(Collection<Class<? extends Exception>> rebuilt) {
    rebuilt.forEach(type -> constructors.put(type.getName(), constructor(type)));
  }

  private static Constructor<?> constructor(Class<? extends Exception> type) {
    for (Class<?>[] signature : SIGNATURES) {
      try {
        Constructor<?> constructor = type.getDeclaredConstructor(signature);
        if (constructor.trySetAccessible()) {
          return constructor;
        }
      } catch (NoSuchMethodException another) {
        continue;
      }
    }
    throw new IllegalArgumentException(
        type
            + " cannot be made again: it has no accessible constructor (String), (String,"
            + " Throwable) or ()");
  }

  /** Of one that throws when it is asked, the name of its class. */
  RecordedException describe(Exception thrown) {
    String type = thrown.getClass().getName();
    try {
      String message = thrown.getMessage();
      StringWriter stack = new StringWriter();
      thrown.printStackTrace(new PrintWriter(stack));
      return new RecordedException(
          type, message == null ? null : cut(message, MAX_CHARS), cut(stack.toString(), MAX_CHARS));
    } catch (Throwable indescribable) {
      return new RecordedException(type, null, "");
    }
  }

  /** What an exception says of itself, or else the name of its class. */
  static String text(Throwable thrown) {
    try {
      return thrown.toString();
    } catch (Throwable indescribable) {
      return thrown.getClass().getName();
    }
  }

  /** Of what is too large for the journal: the beginning of its message, and no stack. */
  static RecordedException shortened(RecordedException recorded) {
    String message = recorded.message();
    return new RecordedException(
        recorded.type(), message == null ? null : cut(message, SHORT_CHARS), "");
  }

  private static String cut(String text, int chars) {
    if (text.length() <= chars) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(chars - 1)) ? chars - 1 : chars;
    return text.substring(0, end);
  }

  Exception rebuild(RecordedException recorded) {
    RecordedCallException asText =
        new RecordedCallException(recorded.type(), recorded.message(), recorded.stack());
    Constructor<?> constructor = constructors.get(recorded.type());
    if (constructor == null) {
      return asText;
    }
    try {
      Object[] arguments = new Object[constructor.getParameterCount()];
      if (arguments.length > 0) {
        arguments[0] = recorded.message();
      }
      Exception rebuilt = (Exception) constructor.newInstance(arguments);
      rebuilt.addSuppressed(asText);
      return rebuilt;
    } catch (ReflectiveOperationException | RuntimeException refused) {
      asText.addSuppressed(refused);
      return asText;
    }
  }
}
