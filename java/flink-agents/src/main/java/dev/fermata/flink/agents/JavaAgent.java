// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Whether this JVM was started with the drop-in as its {@code -javaagent}, and what became of the
 * classes that it edits. Apart from {@link Premain}, for a JVM without {@code java.instrument}. Any
 * thread.
 */
final class JavaAgent {
  private static final Map<String, String> LEFT_ALONE = new ConcurrentSkipListMap<>();
  private static volatile boolean active;

  private JavaAgent() {}

  static void activate() {
    active = true;
  }

  static boolean isActive() {
    return active;
  }

  /**
   * Edits a class of Flink Agents.
   *
   * @return its new class file, or null for a class that is left alone
   */
  static byte[] edit(String className, byte[] file) {
    // Nearly all classes come this far only: the edits themselves are not loaded for them.
    if (!className.startsWith(ClassEdit.PACKAGE)) {
      return null;
    }
    for (ClassEdit edit : ClassEdit.values()) {
      if (edit.className().equals(className)) {
        try {
          return edit.apply(file);
        } catch (Throwable unknown) {
          // Nothing that goes wrong here may keep Flink Agents from its own class.
          LEFT_ALONE.put(className.replace('/', '.'), unknown.toString());
        }
      }
    }
    return null;
  }

  /** The classes that were left alone although they are edited elsewhere, by name, with the why. */
  static Map<String, String> leftAlone() {
    return LEFT_ALONE;
  }
}
