// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.ambient;

import java.util.Map;
import org.slf4j.MDC;

/**
 * What follows an action and its calls from thread to thread: the context class loader, the SLF4J
 * MDC and the values registered with Micrometer's context-propagation, where that library is
 * present.
 *
 * <p>Immutable: captured from the thread it describes, installed any number of times on any thread.
 * An instance that {@link #swapIn} returned also undoes that installation; it is for the same
 * thread, once, in the reverse order of nested installations.
 *
 * <p>The MDC's stacks ({@code MDC.pushByKey}) do not follow: SLF4J offers no way to list them.
 */
public final class AmbientContext {
  private static final boolean PROPAGATION_PRESENT = ContextPropagation.isUsable();

  /** May be null: native threads that were attached have none. */
  private final ClassLoader classLoader;

  /** Null when the MDC is empty. */
  private final Map<String, String> mdc;

  /** Null when nothing is registered, or the library is absent. */
  private final PropagatedValues values;

  private AmbientContext(
      ClassLoader classLoader, Map<String, String> mdc, PropagatedValues values) {
    this.classLoader = classLoader;
    this.mdc = mdc;
    this.values = values;
  }

  /**
   * Returns what surrounds the current thread now. Later changes on that thread do not show in it.
   */
  public static AmbientContext capture() {
    return new AmbientContext(
        Thread.currentThread().getContextClassLoader(),
        currentMdc(),
        PROPAGATION_PRESENT ? PropagatedValues.capture() : null);
  }

  /**
   * Installs this context on the current thread; what it does not hold is cleared there. Never
   * throws for the fault of a registered accessor: that is logged once for each accessor.
   *
   * @return what was there before: its own {@code swapIn()}, on this thread, puts it back and
   *     returns what the code in between left, to be installed when that code goes on
   */
  public AmbientContext swapIn() {
    Thread thread = Thread.currentThread();
    ClassLoader previousLoader = thread.getContextClassLoader();
    if (previousLoader != classLoader) {
      thread.setContextClassLoader(classLoader);
    }
    Map<String, String> previousMdc = currentMdc();
    if (mdc == null) {
      if (previousMdc != null) {
        MDC.clear();
      }
    } else if (!mdc.equals(previousMdc)) {
      MDC.setContextMap(mdc);
    }
    PropagatedValues previousValues = PROPAGATION_PRESENT ? PropagatedValues.swap(values) : null;
    if (values == null
        && previousValues == null
        && previousLoader == classLoader
        && previousMdc == null
        && mdc == null) {
      return this;
    }
    return new AmbientContext(previousLoader, previousMdc, previousValues);
  }

  private static Map<String, String> currentMdc() {
    Map<String, String> copy = MDC.getCopyOfContextMap();
    return copy == null || copy.isEmpty() ? null : copy;
  }
}
