// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.lang.StackWalker.Option;
import java.lang.StackWalker.StackFrame;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Tells whether the calling action may be suspended where it stands, for strategies whose JVM does
 * not tell. Looks at the frames above the innermost {@link ActionEntry} only, so that what the
 * caller of the action holds does not count.
 *
 * <p>The first look asks of each frame whether its method can hold a monitor at all, as its class
 * file says ({@link SuspectMethods}); this answers the usual case in a few microseconds. Only if
 * one can, the second look ({@link HeldMonitors}) asks the JVM which monitors the frames do hold.
 * Monitors that native code entered through JNI are not seen.
 *
 * <p>Holds no state but caches; safe for all threads.
 */
final class MonitorGuard {
  /**
   * Frames fetched at once: enough for the action, the executor and this class in the usual case.
   */
  private static final int BATCH = 32;

  private final StackWalker walker =
      StackWalker.getInstance(
          EnumSet.of(Option.RETAIN_CLASS_REFERENCE, Option.SHOW_HIDDEN_FRAMES), BATCH);
  private final SuspectMethods suspects;
  private final HeldMonitors heldMonitors;

  /**
   * @param opener for the second look; where it does not work, a method that can hold a monitor is
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
    Pin first = walker.walk(nativeFramesPin ? this::allFrames : this::javaFrames);
    return first == Pin.MONITOR && !heldMonitors.any() ? Pin.NONE : first;
  }

  private Pin allFrames(Stream<StackFrame> frames) {
    return firstLook(frames, true);
  }

  private Pin javaFrames(Stream<StackFrame> frames) {
    return firstLook(frames, false);
  }

  /** {@link Pin#MONITOR} stands for "perhaps" here; the other answers are definite. */
  private Pin firstLook(Stream<StackFrame> frames, boolean nativeFramesPin) {
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
