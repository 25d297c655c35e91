// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.lang.StackWalker.StackFrame;
import java.util.Iterator;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Tells whether the calling action may be suspended where it stands, for strategies whose JVM does
 * not tell. Looks at the frames above the innermost {@link ActionEntry} only, so that what the
 * caller of the action holds does not count.
 *
 * <p>Looks closer only where need be. First at the classes of the frames ({@link StackClasses}):
 * has one a method that can hold a monitor at all, as its class file says ({@link SuspectMethods})?
 * This answers the usual case in a few microseconds. Then at the methods of the frames, and only if
 * one of these can hold a monitor at which monitors the frames do hold ({@link HeldMonitors}).
 * Monitors that native code entered through JNI are not seen.
 *
 * <p>Holds no state but caches; safe for all threads.
 */
final class MonitorGuard {
  private final StackClasses classes = StackClasses.open();
  private final StackWalker walker = StackClasses.walker(Set.of());
  private final SuspectMethods suspects;
  private final HeldMonitors heldMonitors;

  /**
   * @param opener for the last look; where it does not work, a method that can hold a monitor is
   *     taken to hold it
   */
  MonitorGuard(PackageOpener opener) {
    this.suspects = new SuspectMethods(opener);
    this.heldMonitors = HeldMonitors.open(opener);
  }

  /**
   * Looks at the calling action.
   *
   * @param nativeFramesPin whether it must not be suspended under a native method either
   * @return why it must not be suspended, or {@link Pin#NONE}
   */
  Pin look(boolean nativeFramesPin) {
    if (!classes.any(this::isSuspect)) {
      return Pin.NONE;
    }
    Pin pin = walker.walk(nativeFramesPin ? this::allFrames : this::javaFrames);
    return pin == Pin.MONITOR && !heldMonitors.any() ? Pin.NONE : pin;
  }

  /**
   * The frame that stands in the way, for people.
   *
   * @param pin what stands in the way
   */
  Optional<StackTraceElement> frameOf(Pin pin) {
    Optional<StackFrame> frame =
        pin == Pin.MONITOR ? heldMonitors.holder() : walker.walk(this::firstObstacle);
    return frame.map(StackFrame::toStackTraceElement);
  }

  private Optional<StackFrame> firstObstacle(Stream<StackFrame> frames) {
    return frames
        .takeWhile(frame -> frame.getDeclaringClass() != ActionEntry.class)
        .filter(this::isObstacle)
        .findFirst();
  }

  private boolean isObstacle(StackFrame frame) {
    return frame.isNativeMethod()
        || frame.getMethodName().equals("<clinit>")
            && suspects.of(frame.getDeclaringClass()).contains("<clinit>");
  }

  private boolean isSuspect(Class<?> type) {
    return !suspects.of(type).isEmpty();
  }

  private Pin allFrames(Stream<StackFrame> frames) {
    return methods(frames, true);
  }

  private Pin javaFrames(Stream<StackFrame> frames) {
    return methods(frames, false);
  }

  /** {@link Pin#MONITOR} stands for "perhaps" here; the other answers are definite. */
  private Pin methods(Stream<StackFrame> frames, boolean nativeFramesPin) {
    Pin pin = Pin.NONE;
    for (Iterator<StackFrame> rest = frames.iterator(); rest.hasNext(); ) {
      StackFrame frame = rest.next();
      Class<?> type = frame.getDeclaringClass();
      if (type == ActionEntry.class) {
        break;
      }
      Set<String> suspectNames = suspects.of(type);
      if (suspectNames.isEmpty()) {
        continue;
      }
      String method = frame.getMethodName();
      if (suspectNames == SuspectMethods.ALL || suspectNames.contains(method)) {
        if (method.equals("<clinit>")) {
          return Pin.CLASS_INITIALISER;
        }
        if (!frame.isNativeMethod()) {
          pin = Pin.MONITOR;
        } else if (nativeFramesPin) {
          return Pin.NATIVE_FRAME;
        }
      }
    }
    return pin;
  }
}
