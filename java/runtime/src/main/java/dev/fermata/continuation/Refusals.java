// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.continuation;

import dev.fermata.Strategy;
import dev.fermata.internal.continuation.EntryImage;
import dev.fermata.internal.continuation.Saved;
import dev.fermata.internal.strategy.Pin;
import dev.fermata.internal.strategy.Strategies;
import java.io.IOException;
import java.io.NotSerializableException;
import java.lang.StackWalker.StackFrame;
import java.util.Locale;
import java.util.Optional;

/** Why a continuation cannot do what is wanted, in words, with the frame that is in the way. */
final class Refusals {
  private static final StackWalker WALKER =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

  private Refusals() {}

  /** For one that is not new or suspended. */
  static IllegalContinuationStateException inState(Run.State state, String what) {
    if (state.isOver()) {
      return new IllegalContinuationStateException(
          "The continuation is "
              + state.name().toLowerCase(Locale.ROOT)
              + " and cannot be "
              + what);
    }
    return new IllegalContinuationStateException(
        "The continuation is running, or being copied or saved, and cannot be "
            + what
            + " now: one thread at a time may use it, and its own code not at all");
  }

  /**
   * What is to be saved of one.
   *
   * @throws NotSerializableException if its entry point cannot be
   */
  static Saved saved(Run run) throws NotSerializableException {
    try {
      return run.save();
    } catch (IllegalStateException refused) {
      if (refused.getCause() instanceof IOException) {
        throw notSerialisable(refused);
      }
      throw refused;
    }
  }

  private static NotSerializableException notSerialisable(IllegalStateException refused) {
    NotSerializableException failure = new NotSerializableException(refused.getMessage());
    failure.initCause(refused.getCause());
    return failure;
  }

  /** Makes what the image is of. */
  static Object made(EntryImage image) throws NotSerializableException {
    try {
      return image.make();
    } catch (IllegalStateException refused) {
      throw notSerialisable(refused);
    }
  }

  static IllegalContinuationStateException ofCaller(Strategy strategy) {
    return new IllegalContinuationStateException(
        "The caller of resume() holds a monitor, which a suspend under the strategy "
            + strategy
            + " would take away from it on this JVM: leave the synchronized block or method, or use"
            + " Continuation.builder().strategy(Strategy.HANDOFF)");
  }

  static void unlessRecorded(ContinuationOptions options, String what) {
    if (!options.isRecorded()) {
      throw new IllegalStateException(
          "A live continuation keeps no history and cannot be "
              + what
              + ": make it by new Continuation(entryPoint) in place of Continuation.live");
    }
  }

  static void unlessMade(EntryImage image, String what) {
    if (image.failure() != null) {
      throw new IllegalStateException(
          "The continuation cannot be "
              + what
              + ", for its entry point could not be serialised when it began: "
              + image.failure()
              + ". Make all that its fields or captured variables lead to Serializable, or"
              + " transient",
          image.failure());
    }
  }

  static IllegalContinuationStateException outside(String what) {
    return new IllegalContinuationStateException(
        what
            + "() was called"
            + site()
            + ", where no resume() of this continuation is the innermost one on the stack of thread "
            + Thread.currentThread().getName());
  }

  static IllegalContinuationStateException of(Pin pin, Strategy strategy) {
    Optional<StackTraceElement> frame = Strategies.ofThisProcess().frameOf(pin);
    String where = frame.map(StackTraceElement::toString).orElse("a frame of the JVM");
    return new IllegalContinuationStateException(
        "suspend() was called" + site() + ", but " + reason(pin, where, strategy),
        frame.orElse(null));
  }

  private static String reason(Pin pin, String where, Strategy strategy) {
    String under = " under the strategy " + strategy;
    if (where.contains(".<clinit>(") || pin == Pin.CLASS_INITIALISER) {
      return where
          + " is a class initialiser, which cannot be left in the middle"
          + under
          + ": move the code out of it, or use Strategy.HANDOFF";
    }
    if (pin == Pin.NATIVE_FRAME) {
      return where
          + " is native, and native frames cannot be suspended"
          + under
          + ": do not suspend in what native code calls, or use Strategy.HANDOFF";
    }
    return where
        + " holds a monitor, which is not kept"
        + under
        + ": leave the synchronized block or method first, or use Strategy.HANDOFF or VIRTUAL";
  }

  /** Where the code of the user called. */
  static String site() {
    return WALKER.walk(
        frames ->
            frames
                .filter(frame -> !isOwn(frame))
                .findFirst()
                .map(frame -> " at " + frame.toStackTraceElement())
                .orElse(""));
  }

  private static boolean isOwn(StackFrame frame) {
    Class<?> type = frame.getDeclaringClass();
    return type == Life.class
        || type == Run.class
        || type == Journal.class
        || type == Trace.class
        || type == SuspendCapability.class
        || type == Refusals.class
        || type == Generator.class
        || type.getPackageName().startsWith("dev.fermata.internal.");
  }
}
