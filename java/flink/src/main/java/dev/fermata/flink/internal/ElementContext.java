// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import dev.fermata.flink.CallFailedException;
import dev.fermata.flink.CallOptions;
import dev.fermata.flink.DurableContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.apache.flink.api.common.state.AggregatingState;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingState;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * The context of one run of a function for one element. Made on the thread that the function runs
 * on, used there until the function returns.
 */
final class ElementContext<K, IN, OUT> implements DurableContext<K>, Collector<OUT>, ElementScope {
  private static final String LONG = "Long";

  private final FunctionRunner<K, IN, OUT> runner;
  private final InFlight<K, IN> element;
  private final Thread thread = Thread.currentThread();
  private boolean waiting;
  private final StateReads reads;
  private Random random;

  ElementContext(FunctionRunner<K, IN, OUT> runner, InFlight<K, IN> element) {
    this.runner = runner;
    this.element = element;
    reads = runner.journal().isOn() ? new StateReads() : StateReads.IGNORED;
  }

  @Override
  public void requireInside() {
    if (Thread.currentThread() != thread || waiting || !runner.isRunning(element)) {
      throw new IllegalStateException(
          "The context of "
              + element
              + " is used outside its function: in a call, after the function has returned, or after"
              + " the operator was closed");
    }
  }

  @Override
  public StateReads reads() {
    return reads;
  }

  /** Returns the step that is asked for now, done if a record of it is known. */
  private Step next(Step.Kind kind, String name, String type) {
    Step step = element.log.next(kind, name, type);
    runner.journal().asked(element, step, reads.digest());
    return step;
  }

  @Override
  public K key() {
    requireInside();
    return element.key;
  }

  @Override
  public Long timestamp() {
    requireInside();
    return element.timestamp;
  }

  @Override
  public <T> T call(String name, TypeInformation<T> type, Callable<? extends T> call) {
    return call(name, type, runner.options().callOptions, call);
  }

  @Override
  public <T> T call(
      String name, TypeInformation<T> type, CallOptions options, Callable<? extends T> call) {
    requireInside();
    Step step = next(Step.Kind.CALL, name, type.toString());
    make(List.of(step), List.of(call), blocking(type, options));
    return step.value(runner.serializer(type));
  }

  @Override
  public <T> T callAsync(
      String name, TypeInformation<T> type, Supplier<? extends CompletionStage<T>> call) {
    return callAsync(name, type, runner.options().callOptions, call);
  }

  @Override
  public <T> T callAsync(
      String name,
      TypeInformation<T> type,
      CallOptions options,
      Supplier<? extends CompletionStage<T>> call) {
    requireInside();
    Step step = next(Step.Kind.CALL, name, type.toString());
    TypeSerializer<T> serializer = runner.serializer(type);
    make(
        List.of(step),
        List.of(call),
        new StageCalls<>(runner.executor(), element, options, serializer));
    return step.value(serializer);
  }

  @Override
  public <T> List<T> gather(
      String name, TypeInformation<T> type, List<? extends Callable<? extends T>> calls) {
    return gather(name, type, runner.options().callOptions, calls);
  }

  @Override
  public <T> List<T> gather(
      String name,
      TypeInformation<T> type,
      CallOptions options,
      List<? extends Callable<? extends T>> calls) {
    requireInside();
    List<Step> steps = new ArrayList<>(calls.size());
    for (int i = 0; i < calls.size(); i++) {
      steps.add(next(Step.Kind.CALL, name + "[" + i + "]", type.toString()));
    }
    make(steps, calls, blocking(type, options));
    return values(steps, runner.serializer(type));
  }

  private <T> BlockingCalls<T> blocking(TypeInformation<T> type, CallOptions options) {
    return new BlockingCalls<>(runner.executor(), element, options, runner.serializer(type));
  }

  private <C> void make(List<Step> steps, List<? extends C> calls, CallAttempts<?, C> attempts) {
    for (int i = 0; i < steps.size(); i++) {
      if (steps.get(i).isDone()) {
        runner.replayed(element, steps.get(i));
      } else {
        attempts.add(steps.get(i), calls.get(i));
      }
    }
    if (!attempts.isEmpty()) {
      waitFor(
          attempts.names().toString(),
          () -> {
            attempts.run();
            awaitRecords(steps);
          });
    }
  }

  /** Nobody may build on an outcome that could get lost. */
  private void awaitRecords(List<Step> steps) {
    CompletableFuture<?>[] open =
        steps.stream()
            .map(Step::recorded)
            .filter(record -> !record.isDone())
            .toArray(CompletableFuture<?>[]::new);
    if (open.length > 0) {
      runner.executor().await(element, CompletableFuture.allOf(open));
    }
  }

  private static <T> List<T> values(List<Step> steps, TypeSerializer<T> serializer) {
    List<T> values = new ArrayList<>(steps.size());
    CallFailedException failure = null;
    for (Step step : steps) {
      try {
        values.add(step.value(serializer));
      } catch (CallFailedException failed) {
        if (failure == null) {
          failure = failed;
        } else {
          failure.addSuppressed(failed);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
    return values;
  }

  @Override
  public void sleep(Duration duration) {
    requireInside();
    if (duration.isNegative()) {
      throw new IllegalArgumentException("duration must not be negative, but is " + duration);
    }
    Step step = next(Step.Kind.SLEEP, "sleep", LONG);
    step.complete(runner.currentTimeMillis() + duration.toMillis(), LongSerializer.INSTANCE);
    long rest = step.value(LongSerializer.INSTANCE) - runner.currentTimeMillis();
    if (rest > 0) {
      waitFor("sleep", () -> runner.executor().sleep(element, Duration.ofMillis(rest)));
    }
  }

  private void waitFor(String what, Runnable wait) {
    waiting = true;
    long start = System.nanoTime();
    runner.suspends(element, what);
    try {
      wait.run();
    } finally {
      waiting = false;
      runner.resumed(element, what, System.nanoTime() - start);
    }
  }

  @Override
  public long currentTimeMillis() {
    requireInside();
    return recorded(Step.Kind.CLOCK, "clock", runner.currentTimeMillis());
  }

  @Override
  public Random random() {
    requireInside();
    if (random == null) {
      random =
          new Random(
              recorded(Step.Kind.RANDOM, "random seed", ThreadLocalRandom.current().nextLong()));
    }
    return random;
  }

  private long recorded(Step.Kind kind, String name, long now) {
    Step step = next(kind, name, LONG);
    step.complete(now, LongSerializer.INSTANCE);
    return step.value(LongSerializer.INSTANCE);
  }

  @Override
  @SuppressWarnings("unchecked")
  public <T> ValueState<T> getState(ValueStateDescriptor<T> descriptor) {
    requireInside();
    return element.writes.state(
        descriptor.getName(),
        PendingValue.class,
        () -> {
          ValueState<T> backend = runner.states().getState(descriptor);
          return new PendingValue<>(this, backend, descriptor.getSerializer());
        });
  }

  @Override
  @SuppressWarnings("unchecked")
  public <T> ListState<T> getListState(ListStateDescriptor<T> descriptor) {
    requireInside();
    return element.writes.state(
        descriptor.getName(),
        PendingList.class,
        () -> {
          ListState<T> backend = runner.states().getListState(descriptor);
          return new PendingList<>(this, backend, descriptor.getElementSerializer());
        });
  }

  @Override
  @SuppressWarnings("unchecked")
  public <UK, UV> MapState<UK, UV> getMapState(MapStateDescriptor<UK, UV> descriptor) {
    requireInside();
    return element.writes.state(
        descriptor.getName(),
        PendingMap.class,
        () -> {
          MapState<UK, UV> backend = runner.states().getMapState(descriptor);
          return new PendingMap<>(
              this, backend, descriptor.getKeySerializer(), descriptor.getValueSerializer());
        });
  }

  @Override
  @SuppressWarnings("unchecked")
  public <T> ReducingState<T> getReducingState(ReducingStateDescriptor<T> descriptor) {
    requireInside();
    return element.writes.state(
        descriptor.getName(),
        PendingReduction.class,
        () -> new PendingReduction<>(folded(descriptor), descriptor.getReduceFunction()));
  }

  @Override
  @SuppressWarnings("unchecked")
  public <T, ACC, R> AggregatingState<T, R> getAggregatingState(
      AggregatingStateDescriptor<T, ACC, R> descriptor) {
    requireInside();
    return element.writes.state(
        descriptor.getName(),
        PendingAggregate.class,
        () -> new PendingAggregate<>(folded(descriptor), descriptor.getAggregateFunction()));
  }

  /** A value in place of state that folds by itself: of that one no accumulator can be read. */
  private <T> PendingValue<T> folded(StateDescriptor<?, T> descriptor) {
    descriptor.initializeSerializerUnlessSet(runner::serializer);
    TypeSerializer<T> serializer = descriptor.getSerializer();
    ValueStateDescriptor<T> value = new ValueStateDescriptor<>(descriptor.getName(), serializer);
    if (descriptor.getTtlConfig().isEnabled()) {
      value.enableTimeToLive(descriptor.getTtlConfig());
    }
    return new PendingValue<>(this, runner.states().getState(value), serializer);
  }

  @Override
  public void registerEventTimeTimer(long timestamp) {
    requireInside();
    element.writes.timer(
        () -> runner.timers().registerEventTimeTimer(VoidNamespace.INSTANCE, timestamp));
  }

  @Override
  public void registerProcessingTimeTimer(long timestamp) {
    requireInside();
    element.writes.timer(
        () -> runner.timers().registerProcessingTimeTimer(VoidNamespace.INSTANCE, timestamp));
  }

  @Override
  public void deleteEventTimeTimer(long timestamp) {
    requireInside();
    element.writes.timer(
        () -> runner.timers().deleteEventTimeTimer(VoidNamespace.INSTANCE, timestamp));
  }

  @Override
  public void deleteProcessingTimeTimer(long timestamp) {
    requireInside();
    element.writes.timer(
        () -> runner.timers().deleteProcessingTimeTimer(VoidNamespace.INSTANCE, timestamp));
  }

  @Override
  public <X> void output(OutputTag<X> tag, X value) {
    requireInside();
    element.output.add(new InFlight.Emission<>(tag, value));
  }

  @Override
  public void collect(OUT value) {
    requireInside();
    element.output.add(new InFlight.Emission<>(null, value));
  }

  @Override
  public void close() {}

  @Override
  public MetricGroup metricGroup() {
    return runner.metricGroup();
  }
}
