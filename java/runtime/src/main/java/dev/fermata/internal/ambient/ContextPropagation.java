// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.ambient;

import java.util.ServiceConfigurationError;
import org.slf4j.LoggerFactory;

/** Looks whether Micrometer's context-propagation is there and can be used. Links to none of it. */
final class ContextPropagation {
  private static final String REGISTRY = "io.micrometer.context.ContextRegistry";

  private ContextPropagation() {}

  /** Looks, and initialises the library's registry of accessors if it is there. */
  static boolean isUsable() {
    Class<?> registry;
    try {
      registry = Class.forName(REGISTRY, false, ContextPropagation.class.getClassLoader());
    } catch (ClassNotFoundException absent) {
      return false;
    }
    try {
      initialize(registry);
      PropagatedValues.checkVersion();
      return true;
    } catch (ReflectiveOperationException | LinkageError | ServiceConfigurationError unusable) {
      LoggerFactory.getLogger(AmbientContext.class)
          .warn(
              "io.micrometer:context-propagation is on the class path but cannot be used, so values"
                  + " registered with it do not follow actions and calls. It must be version 1.0.3"
                  + " or later, and each accessor that it finds must be loadable.",
              unusable);
      return false;
    }
  }

  /**
   * The registry finds accessors through the context class loader, once and for the whole
   * application: under one that belongs to another copy of the library it would stay broken for
   * all.
   */
  private static void initialize(Class<?> registry) throws ClassNotFoundException {
    Thread thread = Thread.currentThread();
    ClassLoader context = thread.getContextClassLoader();
    boolean foreign = !sees(context, registry);
    if (foreign) {
      thread.setContextClassLoader(registry.getClassLoader());
    }
    try {
      Class.forName(REGISTRY, true, registry.getClassLoader());
    } finally {
      if (foreign) {
        thread.setContextClassLoader(context);
      }
    }
  }

  private static boolean sees(ClassLoader loader, Class<?> type) {
    try {
      return loader != null && Class.forName(type.getName(), false, loader) == type;
    } catch (ClassNotFoundException | LinkageError other) {
      return false;
    }
  }
}
