// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

/** A registry that outlives the applications that use it: Spring Boot closes those it finds. */
final class LastingRegistry extends SimpleMeterRegistry {
  @Override
  public void close() {}
}
