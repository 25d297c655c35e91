// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.lang.StackWalker.Option;
import java.lang.StackWalker.StackFrame;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the JVM which monitors the frames of the calling action hold, by {@code
 * java.lang.LiveStackFrame}: exact for the monitors of Java code, 10 to 50 microseconds. Safe for
 * all threads.
 */
final class HeldMonitors {
  private static final Logger LOG = LoggerFactory.getLogger(HeldMonitors.class);

  private final StackWalker walker;
  private final MethodHandle getMonitors;

  private HeldMonitors(StackWalker walker, MethodHandle getMonitors) {
    this.walker = walker;
    this.getMonitors = getMonitors;
  }

  /** Opens {@code java.lang}; where that fails, {@link #any()} is always {@code true}. */
  static HeldMonitors open(PackageOpener opener) {
    try {
      opener.open(Object.class.getModule(), "java.lang", HeldMonitors.class.getModule());
      Class<?> liveFrame = Class.forName("java.lang.LiveStackFrame");
      Method getStackWalker = liveFrame.getDeclaredMethod("getStackWalker", Set.class);
      getStackWalker.setAccessible(true);
      Method getMonitors = liveFrame.getDeclaredMethod("getMonitors");
      getMonitors.setAccessible(true);
      return new HeldMonitors(
          (StackWalker)
              getStackWalker.invoke(
                  null, EnumSet.of(Option.RETAIN_CLASS_REFERENCE, Option.SHOW_HIDDEN_FRAMES)),
          MethodHandles.lookup()
              .unreflect(getMonitors)
              .asType(MethodType.methodType(Object[].class, StackFrame.class)));
    } catch (ReflectiveOperationException | RuntimeException | LinkageError unavailable) {
      LOG.debug("Held monitors cannot be looked up; methods that can hold one pin", unavailable);
      return new HeldMonitors(null, null);
    }
  }

  /** Whether a frame above the innermost {@link ActionEntry} holds a monitor, or none can tell. */
  boolean any() {
    return walker == null || walker.walk(this::anyIn);
  }

  /** The innermost of those frames that holds one; empty if none does, or none can tell. */
  Optional<StackFrame> holder() {
    return walker == null ? Optional.empty() : walker.walk(this::firstHolder);
  }

  private boolean anyIn(Stream<StackFrame> frames) {
    return firstHolder(frames).isPresent();
  }

  private Optional<StackFrame> firstHolder(Stream<StackFrame> frames) {
    for (Iterator<StackFrame> rest = frames.iterator(); rest.hasNext(); ) {
      StackFrame frame = rest.next();
      if (frame.getDeclaringClass() == ActionEntry.class) {
        return Optional.empty();
      }
      for (Object monitor : monitors(frame)) {
        // An interpreted frame keeps a slot, then empty, for each monitor that it has released.
        if (monitor != null) {
          return Optional.of(frame);
        }
      }
    }
    return Optional.empty();
  }

  private Object[] monitors(StackFrame frame) {
    try {
      return (Object[]) getMonitors.invokeExact(frame);
    } catch (Throwable unexpected) {
      throw new IllegalStateException("LiveStackFrame.getMonitors failed at " + frame, unexpected);
    }
  }
}
