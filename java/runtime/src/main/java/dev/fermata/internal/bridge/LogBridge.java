// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.bridge;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where log events of native code reach SLF4J. A Rust target such as {@code
 * fermata_core::worker_pool} becomes the logger {@code
 * dev.fermata.native.fermata_core.worker_pool}.
 *
 * <p>The native side holds this class by a weak reference, so that it pins no class loader. Any
 * thread may log.
 */
public final class LogBridge {
  private static final String ROOT = "dev.fermata.native";

  private LogBridge() {}

  /**
   * Makes native code produce the events that the logger {@code dev.fermata.native} would write.
   * Loggers below it can only narrow them.
   */
  public static void adjustLevel() {
    Logger root = LoggerFactory.getLogger(ROOT);
    NativeEngine.setLogLevel(level(root));
  }

  private static int level(Logger logger) {
    if (logger.isTraceEnabled()) {
      return 5;
    }
    if (logger.isDebugEnabled()) {
      return 4;
    }
    if (logger.isInfoEnabled()) {
      return 3;
    }
    if (logger.isWarnEnabled()) {
      return 2;
    }
    return logger.isErrorEnabled() ? 1 : 0;
  }

  /**
   * Logs one event. Called by native code.
   *
   * @param level 1 error, 2 warn, 3 info, 4 debug, 5 trace
   * @param target the Rust module path the event comes from
   * @param message the message with its fields
   */
  private static void log(int level, String target, String message) {
    Logger logger = LoggerFactory.getLogger(ROOT + '.' + target.replace("::", "."));
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

  /**
   * Logs what an upcall threw against its contract. Called by native code.
   *
   * @param upcall interface and method, such as {@code EngineUpcalls.run}
   * @param thrown what it threw
   */
  private static void upcallThrew(String upcall, Throwable thrown) {
    LoggerFactory.getLogger(LogBridge.class)
        .error("{} threw, which it must not; native code goes on", upcall, thrown);
  }
}
