// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.execution;

import dev.fermata.FermataExecutorMXBean;
import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import dev.fermata.internal.observe.ExecutorBean;
import dev.fermata.internal.observe.ExecutorMetrics;
import dev.fermata.internal.observe.ExecutorRegistration;
import dev.fermata.internal.strategy.Strategies;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Composes the execution of an executor: strategy, engine, metrics and its place in JMX. */
public final class Executions {
  private static final Logger LOG = LoggerFactory.getLogger(Executions.class);

  /** How long an owner waits for a slice on another thread before both stacks are logged. */
  private static final Duration OWNER_WAIT_LIMIT = Duration.ofSeconds(30);

  private static final Set<OwnerKind> LOGGED = ConcurrentHashMap.newKeySet();

  private Executions() {}

  /**
   * How owners of this kind suspend actions in this process. The first use loads the native library
   * and may try strategies out; the first choice for a kind is logged.
   *
   * @throws dev.fermata.FermataException if the native library is required but cannot be loaded
   * @throws IllegalStateException if a strategy is forced that does not work here
   */
  public static Strategies.Choice choose(OwnerKind kind) {
    Strategies.Choice choice = Strategies.ofThisProcess().choose(kind);
    if (LOGGED.add(kind)) {
      LOG.info("Owners of kind {} suspend actions by {}: {}", kind, choice.kind(), choice.reason());
    }
    return choice;
  }

  /**
   * Starts an execution for an executor.
   *
   * @param options of the executor
   */
  public static Started start(ExecutorOptions options) {
    Strategies.Choice choice = choose(options.ownerKind());
    ExecutorMetrics metrics = new ExecutorMetrics();
    if (choice.kind() == Strategy.INLINE) {
      InPlaceExecution execution = new InPlaceExecution(options, choice.reason(), metrics);
      return new Started(execution, options, metrics);
    }
    SuspendingExecution execution =
        new SuspendingExecution(
            options, choice.newStrategy(OWNER_WAIT_LIMIT), choice.reason(), metrics);
    return new Started(execution, options, metrics);
  }

  /** A running execution and its registration. */
  public static final class Started {
    private final ActionExecution execution;
    private final ExecutorRegistration registration;
    private final FermataExecutorMXBean metrics;

    private Started(ActionExecution execution, ExecutorOptions options, ExecutorMetrics metrics) {
      this.execution = execution;
      registration =
          ExecutorRegistration.register(
              options.threadName(), execution.strategy().name(), metrics, execution);
      this.metrics =
          new ExecutorBean(registration.name(), execution.strategy().name(), metrics, execution);
    }

    /** Returns what runs the actions. */
    public ActionExecution execution() {
      return execution;
    }

    /** Returns what it does and has done, whether or not there is JMX. */
    public FermataExecutorMXBean metrics() {
      return metrics;
    }

    /** Ends the execution and takes it out of JMX. */
    public void close() {
      execution.close();
      registration.close();
    }
  }
}
