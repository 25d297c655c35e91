// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.FermataExecutorMXBean;
import dev.fermata.internal.execution.ActionExecution;
import dev.fermata.internal.observe.Gauges;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Field;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import javax.management.JMX;
import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;

/** An executor, driven by the thread of the test as its owner, that parks in {@code awaitReady}. */
public final class Driver implements AutoCloseable {
  private static final AtomicInteger NAMES = new AtomicInteger();

  private final String name = "driven-" + NAMES.incrementAndGet();
  private final Map<ContinuationContext, Runnable> suspended = new LinkedHashMap<>();
  private final ContinuationActionExecutor executor;

  public Driver(Setup setup) {
    this(setup, builder -> builder);
  }

  public Driver(Setup setup, UnaryOperator<ContinuationActionExecutor.Builder> options) {
    executor = setup.build(options.apply(setup.builder().threadName(name)));
  }

  public ContinuationActionExecutor executor() {
    return executor;
  }

  /** Prefix of the names of the executor's threads. */
  public String name() {
    return name;
  }

  /** Begins an action in a new context. */
  public ContinuationContext start(Consumer<ContinuationContext> action) {
    ContinuationContext context = new ContinuationContext();
    start(context, () -> action.accept(context));
    return context;
  }

  public void start(ContinuationContext context, Runnable action) {
    if (!executor.executeAction(context, action)) {
      suspended.put(context, action);
    }
  }

  /** How many actions were started and have not ended. */
  public int unfinished() {
    return suspended.size();
  }

  /** Drives what was started to its end; throws what an action throws. */
  public void finish() {
    while (!suspended.isEmpty()) {
      drive();
    }
  }

  /** Waits for ready contexts and runs one slice of each. */
  public void drive() {
    try {
      assertThat(executor.awaitReady(Waiting.LIMIT)).as("a context became ready").isTrue();
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
    for (ContinuationContext context : executor.drainReady()) {
      Runnable action = suspended.remove(context);
      assertThat(action).as("the action of a ready context").isNotNull();
      start(context, action);
    }
  }

  /** Runs one action from start to end and returns its value. */
  public <T> T run(Function<ContinuationContext, T> action) {
    AtomicReference<T> value = new AtomicReference<>();
    start(context -> value.set(action.apply(context)));
    finish();
    return value.get();
  }

  /** Runs one action from start to end and returns what it threw. */
  public Throwable failureOf(Consumer<ContinuationContext> action) {
    try {
      start(action);
      finish();
    } catch (Throwable thrown) {
      return thrown;
    }
    throw new AssertionError("the action threw nothing");
  }

  public FermataExecutorMXBean bean() {
    try {
      return JMX.newMXBeanProxy(
          ManagementFactory.getPlatformMBeanServer(),
          new ObjectName("dev.fermata:type=Executor,name=" + name),
          FermataExecutorMXBean.class);
    } catch (MalformedObjectNameException impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** The engine's gauges, which can also be read after close, when the MXBean is gone. */
  public Gauges gauges() {
    try {
      Field execution = ContinuationActionExecutor.class.getDeclaredField("execution");
      execution.setAccessible(true);
      return ((ActionExecution) execution.get(executor)).gauges();
    } catch (ReflectiveOperationException changed) {
      throw new AssertionError(changed);
    }
  }

  /** Closes the executor and checks that nothing is left in the engine. */
  @Override
  public void close() {
    executor.close();
    Gauges left = gauges();
    assertThat(left.inFlight()).as("call slots in use after close").isZero();
    assertThat(left.suspended()).as("actions suspended after close").isZero();
    assertThat(left.sleeping()).as("sleeps after close").isZero();
    assertThat(left.timerEntries()).as("timers after close").isZero();
    assertThat(left.workers()).as("workers after close").isZero();
  }
}
