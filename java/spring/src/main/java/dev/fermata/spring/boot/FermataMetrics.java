// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import dev.fermata.FermataExecutorMXBean;
import dev.fermata.spring.FermataTaskExecutor;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.springframework.beans.factory.DisposableBean;

/**
 * Meters of executors, named {@code fermata.executor.*}, with the tags {@code executor}, the name
 * of the bean, and {@code strategy}, that of its actions in lower case.
 *
 * <p>There are no {@code executor.*} beside them, which Micrometer's {@code ExecutorServiceMetrics}
 * makes of the JDK's two pools alone, and Spring Boot of {@code ThreadPoolTaskExecutor}. Of those,
 * {@code executor.active}, {@code executor.queued} and {@code executor.pool.size} are here {@code
 * fermata.executor.active}, {@code fermata.executor.queued} and {@code fermata.executor.workers}.
 *
 * <p>Owns the meters that it bound, which hold executors weakly, and removes them in {@link
 * #destroy}: a registry may outlive the executors. Any thread may call any method.
 */
public final class FermataMetrics implements MeterBinder, DisposableBean {
  private static final String PREFIX = "fermata.executor.";

  private final Map<String, FermataTaskExecutor> executors;
  private final List<Bound> bound = new ArrayList<>();

  /**
   * Creates a binder.
   *
   * @param executors initialised executors by name
   */
  public FermataMetrics(Map<String, FermataTaskExecutor> executors) {
    this.executors = Map.copyOf(executors);
  }

  @Override
  public synchronized void bindTo(MeterRegistry registry) {
    executors.forEach((name, executor) -> new Binding(registry, name, executor).bind());
  }

  /** Removes every meter that {@link #bindTo} added, from the registry it was added to. */
  @Override
  public synchronized void destroy() {
    bound.forEach(meter -> meter.registry.remove(meter.meter));
    bound.clear();
  }

  /** One meter and where it is. */
  private record Bound(MeterRegistry registry, Meter meter) {}

  /** Adds the meters of one executor to one registry. */
  private final class Binding {
    private final MeterRegistry registry;
    private final FermataTaskExecutor executor;
    private final Tags tags;

    Binding(MeterRegistry registry, String name, FermataTaskExecutor executor) {
      this.registry = registry;
      this.executor = executor;
      this.tags =
          Tags.of("executor", name)
              .and("strategy", executor.strategy().name().toLowerCase(Locale.ROOT));
    }

    void bind() {
      gauge("active", "tasks", "Begun and not ended", FermataTaskExecutor::getActiveCount);
      gauge("queued", "tasks", "Not begun", FermataTaskExecutor::getQueuedCount);
      gauge("queue.capacity", "tasks", "Most queued", FermataTaskExecutor::getQueueCapacity);
      gauge("concurrency", "threads", "Most workers", FermataTaskExecutor::getConcurrency);
      gauge("max.actions", "actions", "Most unfinished", FermataTaskExecutor::getMaxActions);
      gauge("workers", "threads", "Alive", sum(FermataExecutorMXBean::getWorkers));
      gauge("suspended", "actions", "Suspended", sum(FermataExecutorMXBean::getSuspendedActions));
      gauge("sleeping", "calls", "Sleeping", sum(FermataExecutorMXBean::getSleepingCalls));
      count("completed", "calls", "Returned", FermataExecutorMXBean::getCompletedCalls);
      count("failed", "calls", "Threw", FermataExecutorMXBean::getFailedCalls);
      count("cancelled", "calls", "Cancelled", FermataExecutorMXBean::getCancelledCalls);
      count("timed.out", "calls", "Met their deadline", FermataExecutorMXBean::getTimedOutCalls);
      count("aborted", "calls", "Ended by closing", FermataExecutorMXBean::getAbortedCalls);
      count("pinned", "calls", "Held their loop", FermataExecutorMXBean::getPinnedCalls);
      count(
          "backpressured",
          "calls",
          "Waited for room",
          FermataExecutorMXBean::getBackpressuredCalls);
      count("started", "actions", "Begun", FermataExecutorMXBean::getStartedActions);
      count("finished", "actions", "Ended", FermataExecutorMXBean::getFinishedActions);
      count("suspensions", "suspensions", "Of actions", FermataExecutorMXBean::getSuspensions);
      count("wake.ups", "wake.ups", "Of loops", FermataExecutorMXBean::getWakeUps);
    }

    private void gauge(
        String name, String unit, String what, ToDoubleFunction<FermataTaskExecutor> value) {
      bound.add(
          new Bound(
              registry,
              Gauge.builder(PREFIX + name, executor, value)
                  .tags(tags)
                  .baseUnit(unit)
                  .description(what)
                  .register(registry)));
    }

    private void count(
        String name, String unit, String what, ToLongFunction<FermataExecutorMXBean> value) {
      bound.add(
          new Bound(
              registry,
              FunctionCounter.builder(PREFIX + name, executor, sum(value))
                  .tags(tags)
                  .baseUnit(unit)
                  .description(what)
                  .register(registry)));
    }

    private static ToDoubleFunction<FermataTaskExecutor> sum(
        ToLongFunction<FermataExecutorMXBean> value) {
      return executor -> executor.metrics().stream().mapToLong(value).sum();
    }
  }
}
