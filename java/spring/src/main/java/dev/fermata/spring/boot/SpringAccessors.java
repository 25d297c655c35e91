// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import org.springframework.context.i18n.LocaleContextThreadLocalAccessor;
import org.springframework.web.context.request.RequestAttributesThreadLocalAccessor;

/**
 * Registers Spring's own accessors with context-propagation, whose registry belongs to the process:
 * they stay when a context closes, and a second context adds none. Each is an object without state
 * of a class of Spring's, so what stays is no context; only where the registry is loaded by a
 * parent of Spring's class loader does it keep that loader.
 *
 * <p>Spring Security registers its accessor by itself from 6.5 on.
 */
final class SpringAccessors {
  private SpringAccessors() {}

  static void registerLocale() {
    register(new LocaleContextThreadLocalAccessor());
  }

  static void registerRequest() {
    register(new RequestAttributesThreadLocalAccessor());
  }

  private static synchronized void register(ThreadLocalAccessor<?> accessor) {
    ContextRegistry registry = ContextRegistry.getInstance();
    if (registry.getThreadLocalAccessors().stream()
        .noneMatch(registered -> registered.key().equals(accessor.key()))) {
      registry.registerThreadLocalAccessor(accessor);
    }
  }
}
