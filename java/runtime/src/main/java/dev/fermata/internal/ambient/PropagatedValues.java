// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.ambient;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.LoggerFactory;

/**
 * The values that accessors registered with Micrometer's context-propagation read from one thread.
 *
 * <p>The only class that links to that library. Immutable. There are two kinds: <em>captured</em>
 * values are set ({@link ThreadLocalAccessor#setValue}); <em>displaced</em> values, which {@link
 * #swap} returned when it set captured ones, are restored ({@link ThreadLocalAccessor#restore}).
 * The difference matters to accessors that keep a stack of scopes: each set must meet its restore,
 * or the stack grows with every slice.
 */
final class PropagatedValues {
  /** How many scopes that code opened and left open are closed before the value is just set. */
  private static final int MAX_OPEN_SCOPES = 32;

  private static final PropagatedValues NOTHING_CAPTURED =
      new PropagatedValues(Collections.emptyMap(), null);

  private static final PropagatedValues NOTHING_DISPLACED =
      new PropagatedValues(Collections.emptyMap(), Collections.emptyMap());

  /** Keys of accessors whose fault was logged. Bounded by the number of accessors. */
  private static final Set<String> FAULTY = ConcurrentHashMap.newKeySet();

  private final Map<Object, Object> values;

  /** What was set over these values; null for captured ones. */
  private final Map<Object, Object> installed;

  private PropagatedValues(Map<Object, Object> values, Map<Object, Object> installed) {
    this.values = values;
    this.installed = installed;
  }

  /**
   * Checks that the library has the methods used here.
   *
   * @throws NoSuchMethodException if it is older than 1.0.3
   */
  static void checkVersion() throws NoSuchMethodException {
    ThreadLocalAccessor.class.getMethod("setValue");
    ThreadLocalAccessor.class.getMethod("restore");
  }

  /** Returns the current thread's values, or null if no accessor is registered. */
  static PropagatedValues capture() {
    List<ThreadLocalAccessor<?>> accessors =
        ContextRegistry.getInstance().getThreadLocalAccessors();
    return accessors.isEmpty() ? null : capture(accessors);
  }

  /**
   * Puts {@code next} on the current thread and returns what was there: displaced values if {@code
   * next} is captured, captured ones if it is displaced. Null stands for no values.
   */
  static PropagatedValues swap(PropagatedValues next) {
    List<ThreadLocalAccessor<?>> accessors =
        ContextRegistry.getInstance().getThreadLocalAccessors();
    if (accessors.isEmpty()) {
      return null;
    }
    PropagatedValues arriving = next == null ? NOTHING_CAPTURED : next;
    return arriving.installed == null ? arriving.install(accessors) : arriving.restore(accessors);
  }

  private static PropagatedValues capture(Iterable<ThreadLocalAccessor<?>> accessors) {
    Map<Object, Object> values = null;
    for (ThreadLocalAccessor<?> accessor : accessors) {
      Object value = read(accessor);
      if (value != null) {
        values = values == null ? new HashMap<>() : values;
        values.put(accessor.key(), value);
      }
    }
    return values == null ? NOTHING_CAPTURED : new PropagatedValues(values, null);
  }

  private PropagatedValues install(Iterable<ThreadLocalAccessor<?>> accessors) {
    Map<Object, Object> previous = null;
    Map<Object, Object> installedNow = null;
    for (ThreadLocalAccessor<?> accessor : accessors) {
      Object before = read(accessor);
      Object value = values.get(accessor.key());
      if (before == null && value == null) {
        continue;
      }
      set(accessor, value);
      if (previous == null) {
        previous = new HashMap<>();
        installedNow = new HashMap<>();
      }
      previous.put(accessor.key(), before);
      // Read back: an accessor may have a value of its own for "cleared".
      installedNow.put(accessor.key(), read(accessor));
    }
    return previous == null ? NOTHING_DISPLACED : new PropagatedValues(previous, installedNow);
  }

  private PropagatedValues restore(List<ThreadLocalAccessor<?>> accessors) {
    PropagatedValues left = capture(accessors);
    for (int i = accessors.size() - 1; i >= 0; i--) {
      restore(accessors.get(i));
    }
    return left;
  }

  private void restore(ThreadLocalAccessor<?> accessor) {
    Object before = values.get(accessor.key());
    Object set = installed.get(accessor.key());
    Object now = read(accessor);
    // Scopes that the code opened and did not close before it was suspended.
    for (int i = 0; i < MAX_OPEN_SCOPES; i++) {
      if (now == null || now.equals(set) || now.equals(before)) {
        break;
      }
      restore(accessor, null);
      now = read(accessor);
    }
    boolean replaced = set != null || before != null;
    if (replaced && Objects.equals(now, set)) {
      restore(accessor, before);
      now = read(accessor);
    }
    if (!Objects.equals(now, before)) {
      set(accessor, before);
    }
  }

  private static Object read(ThreadLocalAccessor<?> accessor) {
    try {
      return accessor.getValue();
    } catch (RuntimeException fault) {
      warn(accessor, fault);
      return null;
    }
  }

  @SuppressWarnings("unchecked")
  private static <V> void set(ThreadLocalAccessor<V> accessor, Object value) {
    try {
      if (value == null) {
        accessor.setValue();
      } else {
        accessor.setValue((V) value);
      }
    } catch (RuntimeException fault) {
      warn(accessor, fault);
    }
  }

  @SuppressWarnings("unchecked")
  private static <V> void restore(ThreadLocalAccessor<V> accessor, Object value) {
    try {
      if (value == null) {
        accessor.restore();
      } else {
        accessor.restore((V) value);
      }
    } catch (RuntimeException fault) {
      warn(accessor, fault);
    }
  }

  private static void warn(ThreadLocalAccessor<?> accessor, RuntimeException fault) {
    if (FAULTY.add(String.valueOf(accessor.key()))) {
      LoggerFactory.getLogger(PropagatedValues.class)
          .warn(
              "The context-propagation accessor {} (key {}) failed; its value may be missing or"
                  + " stale in actions and calls. Further failures of it are not logged.",
              accessor.getClass().getName(),
              accessor.key(),
              fault);
    }
  }
}
