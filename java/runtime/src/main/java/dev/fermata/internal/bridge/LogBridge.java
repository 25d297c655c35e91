// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.bridge;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where log events of native code reach SLF4J. Called by native code only, on any thread; the native
 * side holds this class by a weak reference, so that it pins no class loader.
 *
 * <p>A Rust target such as {@code fermata_core::worker_pool} becomes the logger {@code
 * dev.fermata.native.fermata_core.worker_pool}.
 */
final class LogBridge {
  private static final String PREFIX = "dev.fermata.native.";

  private LogBridge() {}

  /**
   * Logs one event.
   *
   * @param level 1 error, 2 warn, 3 info, 4 debug, 5 trace
   * @param target the Rust module path the event comes from
   * @param message the message with its fields
   */
  static void log(int level, String target, String message) {
    Logger logger = LoggerFactory.getLogger(PREFIX + target.replace("::", "."));
    switch (level) {
      case 1:
        logger.error(message);
        break;
      case 2:
        logger.warn(message);
        break;
      case 3:
        logger.info(message);
        break;
      case 4:
        logger.debug(message);
        break;
      default:
        logger.trace(message);
        break;
    }
  }
}
