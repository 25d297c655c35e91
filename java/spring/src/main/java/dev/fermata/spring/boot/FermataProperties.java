// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Properties of Fermata under Spring Boot: those of the default executor, and by name those of
 * further ones.
 */
@ConfigurationProperties(FermataProperties.PREFIX)
public class FermataProperties extends FermataExecutorProperties {
  static final String PREFIX = "spring.fermata";
  static final String EXECUTORS = PREFIX + ".executors";

  /** Whether Fermata configures itself. */
  private boolean enabled = true;

  /** Further executors by name, each the bean of that name, for which Async annotations ask. */
  private final Map<String, FermataExecutorProperties> executors = new LinkedHashMap<>();

  public boolean isEnabled() {
    return enabled;
  }

  public void setEnabled(boolean enabled) {
    this.enabled = enabled;
  }

  public Map<String, FermataExecutorProperties> getExecutors() {
    return executors;
  }
}
