// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.spring.boot;

import dev.fermata.FermataExecutorMXBean;
import dev.fermata.FermataInfo;
import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import dev.fermata.spring.FermataTaskExecutor;
import dev.fermata.spring.TaskMode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.lang.Nullable;

/**
 * Actuator endpoint {@code fermata}: what the executors of the application are, and what they do at
 * the moment. Each operation takes {@code suspended}, how many suspended actions of an executor to
 * list, the oldest of each loop first: 0 to 1,000, by default 20.
 *
 * <p>Holds the executors as long as it is itself held. Waits for nothing; any thread may ask.
 */
@Endpoint(id = "fermata")
public class FermataEndpoint {
  private static final int DEFAULT_SUSPENDED = 20;
  private static final int MAX_SUSPENDED = 1000;

  private final Map<String, FermataTaskExecutor> executors;

  /**
   * Creates the endpoint.
   *
   * @param executors initialised executors by name
   */
  public FermataEndpoint(Map<String, FermataTaskExecutor> executors) {
    this.executors = new LinkedHashMap<>(executors);
  }

  /**
   * Describes Fermata in this process, and every executor.
   *
   * @param suspended how many suspended actions of each executor to list; null for 20
   * @return a moment's view
   */
  @ReadOperation
  public FermataDescriptor fermata(@Nullable Integer suspended) {
    int most = checked(suspended);
    Map<String, ExecutorDescriptor> described = new LinkedHashMap<>();
    executors.forEach((name, executor) -> described.put(name, describe(executor, most)));
    FermataInfo info = FermataInfo.current();
    return new FermataDescriptor(
        info.version(),
        new NativeLibraryDescriptor(
            info.nativeLibraryVersion().orElse(null),
            info.nativeLibraryPath().map(Object::toString).orElse(null),
            info.nativeLibraryFailure().orElse(null)),
        described);
  }

  /**
   * Describes one executor.
   *
   * @param executor the name of its bean
   * @param suspended how many of its suspended actions to list; null for 20
   * @return a moment's view, or null if there is no such executor
   */
  @ReadOperation
  @Nullable
  public ExecutorDescriptor executor(@Selector String executor, @Nullable Integer suspended) {
    int most = checked(suspended);
    FermataTaskExecutor found = executors.get(executor);
    return found == null ? null : describe(found, most);
  }

  private static int checked(@Nullable Integer suspended) {
    if (suspended == null) {
      return DEFAULT_SUSPENDED;
    }
    if (suspended < 0 || suspended > MAX_SUSPENDED) {
      throw new InvalidEndpointRequestException(
          "suspended must be 0 to " + MAX_SUSPENDED + ", but is " + suspended,
          "suspended must be 0 to " + MAX_SUSPENDED);
    }
    return suspended;
  }

  private static ExecutorDescriptor describe(FermataTaskExecutor executor, int most) {
    List<FermataExecutorMXBean> engines = executor.metrics();
    return new ExecutorDescriptor(
        executor.strategy(),
        FermataInfo.current().reason(OwnerKind.THREADED_LOOP),
        executor.getTasks(),
        new LimitsDescriptor(
            executor.getConcurrency(),
            executor.getQueueCapacity(),
            executor.getMaxActions(),
            executor.getLoops()),
        executor.getActiveCount(),
        executor.getQueuedCount(),
        sum(engines, FermataExecutorMXBean::getWorkers),
        sum(engines, FermataExecutorMXBean::getInFlightCalls),
        sum(engines, FermataExecutorMXBean::getSuspendedActions),
        most == 0 ? List.of() : suspended(engines, most));
  }

  private static long sum(
      List<FermataExecutorMXBean> engines, ToLongFunction<FermataExecutorMXBean> value) {
    return engines.stream().mapToLong(value).sum();
  }

  private static List<SuspendedActionDescriptor> suspended(
      List<FermataExecutorMXBean> engines, int most) {
    return engines.stream()
        .flatMap(engine -> engine.dumpSuspendedActions(most).stream())
        .limit(most)
        .map(
            action ->
                new SuspendedActionDescriptor(
                    action.getName(), action.getWaitsFor(), action.getAgeMillis()))
        .toList();
  }

  /**
   * Fermata in one application.
   *
   * @param version of its classes
   * @param nativeLibrary the native library
   * @param executors by the names of their beans
   */
  public record FermataDescriptor(
      String version,
      NativeLibraryDescriptor nativeLibrary,
      Map<String, ExecutorDescriptor> executors)
      implements OperationResponseBody {}

  /**
   * The native library: where it is loaded from, or why it is not.
   *
   * @param version its version; null if it is not loaded
   * @param path the file that it was loaded from; null if it is not loaded
   * @param failure why it is not loaded; null if it is
   */
  public record NativeLibraryDescriptor(
      @Nullable String version, @Nullable String path, @Nullable String failure) {}

  /**
   * One executor.
   *
   * @param strategy how its actions wait
   * @param strategyReason why so
   * @param tasks what a task holds while it runs
   * @param limits what was configured
   * @param active tasks and actions that have begun and not ended
   * @param queued tasks and actions that have not begun
   * @param workers worker threads that are alive
   * @param inFlightCalls calls that were submitted and whose outcome was not yet taken
   * @param suspended how many actions are suspended
   * @param suspendedActions some of them
   */
  public record ExecutorDescriptor(
      Strategy strategy,
      String strategyReason,
      TaskMode tasks,
      LimitsDescriptor limits,
      int active,
      int queued,
      long workers,
      long inFlightCalls,
      long suspended,
      List<SuspendedActionDescriptor> suspendedActions)
      implements OperationResponseBody {}

  /**
   * The limits of an executor.
   *
   * @param concurrency most worker threads
   * @param queueCapacity most tasks that wait for a worker
   * @param maxActions most unfinished actions
   * @param loops threads that run actions
   */
  public record LimitsDescriptor(int concurrency, int queueCapacity, int maxActions, int loops) {}

  /**
   * A suspended action.
   *
   * @param name its name
   * @param waitsFor what it waits for
   * @param ageMillis how long it has been suspended, in milliseconds
   */
  public record SuspendedActionDescriptor(String name, String waitsFor, long ageMillis) {}
}
