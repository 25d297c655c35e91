// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Objects;

/**
 * The type of a call's result, for reading it back from the record. A generic type is written down
 * as an anonymous subclass:
 *
 * <pre>{@code
 * static final ResultType<List<String>> NAMES = new ResultType<>() {};
 * }</pre>
 *
 * <p>Immutable.
 *
 * @param <T> the type
 */
public abstract class ResultType<T> {
  private final Type type;

  /** Takes the type from the type argument of the subclass. */
  protected ResultType() {
    Type superclass = getClass().getGenericSuperclass();
    if (!(superclass instanceof ParameterizedType)) {
      throw new IllegalStateException(
          getClass() + " says no type: write new ResultType<List<String>>() {}");
    }
    type = ((ParameterizedType) superclass).getActualTypeArguments()[0];
  }

  private ResultType(Class<T> type) {
    this.type = Objects.requireNonNull(type, "type");
  }

  /**
   * Returns the type of a class without type parameters.
   *
   * @param type the class
   * @param <T> the type
   * @return its type
   */
  public static <T> ResultType<T> of(Class<T> type) {
    return new OfClass<>(type);
  }

  /**
   * Returns the type.
   *
   * @return a class or a generic type
   */
  public final Type type() {
    return type;
  }

  /**
   * Returns the class of results, without type arguments.
   *
   * @return the class; {@link Object} for a type variable or a wildcard
   */
  public final Class<?> rawClass() {
    if (type instanceof Class) {
      return (Class<?>) type;
    }
    return type instanceof ParameterizedType
        ? (Class<?>) ((ParameterizedType) type).getRawType()
        : Object.class;
  }

  @Override
  public final String toString() {
    return type.getTypeName();
  }

  private static final class OfClass<T> extends ResultType<T> {
    OfClass(Class<T> type) {
      super(type);
    }
  }
}
