// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.lang.reflect.Field;
import java.util.concurrent.Executor;

/**
 * What {@code java.lang} knows about virtual threads and does not publish. To be initialised after
 * {@code java.lang} is open to this module.
 */
final class JdkVirtualThread {
  private static final MethodHandle CREATE;
  private static final VarHandle BLOCKER;

  static {
    try {
      MethodHandles.Lookup lookup =
          MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup());
      int noInheritedThreadLocals =
          (int)
              lookup.findStaticVarHandle(Thread.class, "NO_INHERIT_THREAD_LOCALS", int.class).get();
      MethodHandle create =
          lookup.findStatic(
              Class.forName("java.lang.ThreadBuilders"),
              "newVirtualThread",
              MethodType.methodType(
                  Thread.class, Executor.class, String.class, int.class, Runnable.class));
      CREATE = MethodHandles.insertArguments(create, 2, noInheritedThreadLocals);
      Field blocker = Thread.class.getDeclaredField("nioBlocker");
      BLOCKER = lookup.unreflectVarHandle(blocker);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private JdkVirtualThread() {}

  /** Initialises this class. */
  static void link() {}

  /** Creates a virtual thread that runs on {@code scheduler} and inherits no thread-locals. */
  static Thread create(Executor scheduler, String name, Runnable body) {
    try {
      return (Thread) CREATE.invokeExact(scheduler, name, body);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("ThreadBuilders.newVirtualThread failed", e);
    }
  }

  /** What {@code thread.interrupt()} calls, or {@code null}. */
  static Object blocker(Thread thread) {
    return BLOCKER.getVolatile(thread);
  }

  /** Removes {@code blocker} from {@code thread} if it is still there. */
  static void removeBlocker(Thread thread, Object blocker) {
    BLOCKER.compareAndSet(thread, blocker, null);
  }
}
