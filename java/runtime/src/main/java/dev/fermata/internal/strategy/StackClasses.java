// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.strategy;

import java.lang.StackWalker.Option;
import java.lang.StackWalker.StackFrame;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The classes whose methods the calling action is in, without the methods: what makes a frame
 * expensive to look at is to find out which method it is in.
 *
 * <p>Holds no state; safe for all threads.
 */
abstract class StackClasses {
  /**
   * Frames fetched at once: enough for the action, the executor and this class in the usual case.
   */
  private static final int BATCH = 32;

  /** The cheapest way that this JVM has. */
  static StackClasses open() {
    for (Option option : Option.values()) {
      if (option.name().equals("DROP_METHOD_INFO")) { // since Java 22
        return new Walked(EnumSet.of(option));
      }
    }
    try {
      return new Listed();
    } catch (SecurityException refused) {
      return new Walked(Set.of());
    }
  }

  /** A walker over frames with their classes, hidden ones too. */
  static StackWalker walker(Set<Option> more) {
    Set<Option> options = EnumSet.of(Option.RETAIN_CLASS_REFERENCE, Option.SHOW_HIDDEN_FRAMES);
    options.addAll(more);
    return StackWalker.getInstance(options, BATCH);
  }

  /** Whether the test holds for the class of a frame above the innermost {@link ActionEntry}. */
  abstract boolean any(Predicate<Class<?>> test);

  private static final class Walked extends StackClasses {
    private final StackWalker walker;

    Walked(Set<Option> more) {
      walker = walker(more);
    }

    @Override
    boolean any(Predicate<Class<?>> test) {
      return walker.walk(frames -> anyOf(frames, test));
    }

    private static boolean anyOf(Stream<StackFrame> frames, Predicate<Class<?>> test) {
      for (Iterator<StackFrame> rest = frames.iterator(); rest.hasNext(); ) {
        Class<?> type = rest.next().getDeclaringClass();
        if (type == ActionEntry.class) {
          return false;
        }
        if (test.test(type)) {
          return true;
        }
      }
      return false;
    }
  }

  /**
   * By {@link SecurityManager#getClassContext}, which asks the JVM for just that. It leaves out the
   * JDK's own frames of reflection and method handles, none of which holds a monitor.
   */
  private static final class Listed extends StackClasses {
    private final ClassContext context = new ClassContext();

    @Override
    boolean any(Predicate<Class<?>> test) {
      for (Class<?> type : context.getClassContext()) {
        if (type == ActionEntry.class) {
          return false;
        }
        if (test.test(type)) {
          return true;
        }
      }
      return false;
    }
  }

  /** Never installed: only to reach the protected method. */
  private static final class ClassContext extends SecurityManager {
    @Override
    protected Class<?>[] getClassContext() {
      return super.getClassContext();
    }
  }
}
