// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * {@code jdk.internal.vm.Continuation} by method handles, so that this code compiles without flags.
 * To be initialised after {@code jdk.internal.vm} and {@code java.lang} are open to this module.
 */
final class JdkContinuation {
  private static final MethodHandle CREATE;
  private static final MethodHandle RUN;
  private static final MethodHandle IS_DONE;
  private static final MethodHandle YIELD;
  private static final MethodHandle CURRENT;
  private static final MethodHandle STACK;
  private static final MethodHandle SCOPED_VALUES;
  private static final MethodHandle SET_SCOPED_VALUES;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      Class<?> scopeType = Class.forName("jdk.internal.vm.ContinuationScope");
      Class<?> type = Class.forName("jdk.internal.vm.Continuation");
      // One scope for all actions: a yield suspends the innermost of nested ones.
      Object scope = scopeType.getConstructor(String.class).newInstance("fermata");
      CREATE =
          MethodHandles.insertArguments(
                  lookup.findConstructor(
                      type, MethodType.methodType(void.class, scopeType, Runnable.class)),
                  0,
                  scope)
              .asType(MethodType.methodType(Object.class, Runnable.class));
      RUN =
          lookup
              .findVirtual(type, "run", MethodType.methodType(void.class))
              .asType(MethodType.methodType(void.class, Object.class));
      IS_DONE =
          lookup
              .findVirtual(type, "isDone", MethodType.methodType(boolean.class))
              .asType(MethodType.methodType(boolean.class, Object.class));
      YIELD =
          lookup
              .findStatic(type, "yield", MethodType.methodType(boolean.class, scopeType))
              .bindTo(scope);
      CURRENT =
          lookup
              .findStatic(type, "getCurrentContinuation", MethodType.methodType(type, scopeType))
              .bindTo(scope)
              .asType(MethodType.methodType(Object.class));
      STACK =
          lookup
              .findVirtual(type, "getStackTrace", MethodType.methodType(StackTraceElement[].class))
              .asType(MethodType.methodType(StackTraceElement[].class, Object.class));
      MethodHandles.Lookup inThread = MethodHandles.privateLookupIn(Thread.class, lookup);
      SCOPED_VALUES =
          inThread.findStatic(
              Thread.class, "scopedValueBindings", MethodType.methodType(Object.class));
      SET_SCOPED_VALUES =
          inThread.findStatic(
              Thread.class,
              "setScopedValueBindings",
              MethodType.methodType(void.class, Object.class));
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private JdkContinuation() {}

  /** Initialises this class. */
  static void link() {}

  static Object create(Runnable body) {
    try {
      return (Object) CREATE.invokeExact(body);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  static void run(Object continuation) {
    try {
      RUN.invokeExact(continuation);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  static boolean isDone(Object continuation) {
    try {
      return (boolean) IS_DONE.invokeExact(continuation);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /**
   * Suspends the innermost action of the calling thread.
   *
   * @throws IllegalStateException if it is pinned or there is none
   */
  static boolean yield() {
    try {
      return (boolean) YIELD.invokeExact();
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /** The innermost action of the calling thread, or {@code null}. */
  static Object current() {
    try {
      return (Object) CURRENT.invokeExact();
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  static StackTraceElement[] stack(Object continuation) {
    try {
      return (StackTraceElement[]) STACK.invokeExact(continuation);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /** The scoped values that are bound in the calling thread. */
  static Object scopedValues() {
    try {
      return (Object) SCOPED_VALUES.invokeExact();
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  static void setScopedValues(Object bindings) {
    try {
      SET_SCOPED_VALUES.invokeExact(bindings);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  private static RuntimeException rethrown(Throwable e) {
    if (e instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (e instanceof Error error) {
      throw error;
    }
    throw new IllegalStateException("jdk.internal.vm.Continuation threw a checked exception", e);
  }
}
