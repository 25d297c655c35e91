// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.observe;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One executor's place in JMX, from {@link #register} to {@link #close}.
 *
 * <p>Holds the executor weakly, so an executor's cleaner may hold it. Without module {@code
 * java.management} nothing is registered. JMX is never needed for an executor to work: a failure is
 * logged once as WARN.
 */
public final class ExecutorRegistration implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ExecutorRegistration.class);

  private static final boolean PRESENT =
      ModuleLayer.boot().findModule("java.management").isPresent();

  private final String name;

  /** Null when nothing is registered. The type keeps javax.management out of this class. */
  private AutoCloseable bean;

  private ExecutorRegistration(String name, AutoCloseable bean) {
    this.name = name;
    this.bean = bean;
  }

  /**
   * Registers an executor.
   *
   * @param name the executor's name; made unique by a number if it is taken
   * @param strategy the strategy by which its actions wait
   * @param metrics the executor's metrics
   * @param executor held weakly: the executor must hold it strongly
   */
  public static ExecutorRegistration register(
      String name, String strategy, ExecutorMetrics metrics, ExecutorView executor) {
    if (!PRESENT) {
      return new ExecutorRegistration(name, null);
    }
    try {
      MBeanEntry entry =
          MBeanEntry.register(
              name, unique -> new ExecutorBean(unique, strategy, metrics, executor));
      return new ExecutorRegistration(entry.name(), entry);
    } catch (Exception | LinkageError failed) {
      LOG.warn("Executor {} is not visible in JMX: its registration failed.", name, failed);
      return new ExecutorRegistration(name, null);
    }
  }

  /** Returns the name under which the executor is registered, or its own if it is not. */
  public String name() {
    return name;
  }

  /** Removes the executor from JMX. Idempotent, thread-safe. */
  @Override
  public synchronized void close() {
    if (bean == null) {
      return;
    }
    try {
      bean.close();
    } catch (Exception failed) {
      LOG.warn("Executor {} could not be removed from JMX.", name, failed);
    }
    bean = null;
  }
}
