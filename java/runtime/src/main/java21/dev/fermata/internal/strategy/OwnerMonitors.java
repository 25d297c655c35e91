// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.util.function.LongSupplier;

/**
 * Tells whether the calling thread holds a monitor, whichever frame took it, for the JVMs that must
 * be asked: since Java 24 HotSpot moves all monitors of a thread's lock stack away with a
 * continuation that is suspended, also those that the frames below it hold, which are then unlocked
 * without being held; the JVM crashes soon after.
 *
 * <p>Reads HotSpot's own count of that stack, in some nanoseconds. Monitors that another thread
 * waits for, or waited for, are not in that stack and not counted; they stay where they are.
 * Immutable, for all threads.
 */
final class OwnerMonitors {
  private final long top;
  private final int empty;

  private OwnerMonitors(long lockStack) {
    top = lockStack & 0xffff_ffffL;
    empty = (int) (lockStack >>> 32);
  }

  /**
   * Finds out how this JVM is asked.
   *
   * @throws UnsupportedOperationException if it does not tell
   */
  static OwnerMonitors open(PackageOpener opener, LongSupplier lockStack) {
    long place = lockStack.getAsLong();
    if (place == -1) {
      throw new UnsupportedOperationException(
          "it cannot be told whether an owner holds a monitor: this JVM does not show its lock"
              + " stacks");
    }
    try {
      opener.open(Object.class.getModule(), "java.lang", OwnerMonitors.class.getModule());
      opener.open(Object.class.getModule(), JdkUnsafe.PACKAGE, OwnerMonitors.class.getModule());
      Jdk.link();
      return new OwnerMonitors(place);
    } catch (RuntimeException | LinkageError unavailable) {
      throw new UnsupportedOperationException(
          "it cannot be told whether an owner holds a monitor: " + unavailable, unavailable);
    }
  }

  /** Whether the calling thread, be it a virtual one, holds a monitor. */
  boolean anyHeld() {
    try {
      // A virtual thread has its lock stack in the thread that carries it.
      long thread = (long) Jdk.ADDRESS.get((Thread) Jdk.CARRIER.invokeExact());
      return (int) Jdk.GET_INT.invokeExact(thread + top) != empty;
    } catch (Throwable unexpected) {
      throw new IllegalStateException("The lock stack could not be read", unexpected);
    }
  }

  /** Constants to the compiler; to be initialised after the packages are open to this module. */
  private static final class Jdk {
    static final MethodHandle GET_INT;
    static final MethodHandle CARRIER;
    static final VarHandle ADDRESS;

    static {
      try {
        GET_INT = JdkUnsafe.openedMethod("getInt", long.class);
        MethodHandles.Lookup inThread =
            MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup());
        CARRIER =
            inThread.findStatic(
                Thread.class, "currentCarrierThread", MethodType.methodType(Thread.class));
        ADDRESS = inThread.findVarHandle(Thread.class, "eetop", long.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    static void link() {}
  }
}
