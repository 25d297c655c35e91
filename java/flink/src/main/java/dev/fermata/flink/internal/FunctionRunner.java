// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import dev.fermata.ActionAbortedError;
import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.flink.DurableFunction;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.streaming.api.TimeDomain;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.runtime.tasks.ProcessingTimeService;

/**
 * Runs the function for elements, slice by slice, and holds what their contexts need.
 *
 * <p>Owns the executor and the journal, from its creation until {@link #close}. Used on the task's
 * side alone.
 */
final class FunctionRunner<K, IN, OUT> {
  private final DurableFunction<K, IN, OUT> function;
  private final OperatorOptions<IN> options;
  private final ContinuationActionExecutor executor;
  private final TypeSerializer<IN> elementSerializer;
  private final SerializerConfig serializerConfig;
  private final KeyedStateStore states;
  private final InternalTimerService<VoidNamespace> timers;
  private final ProcessingTimeService clock;
  private final OperatorMetrics metrics;
  private final EventLog events;
  private final CallJournal<K, IN> journal;
  private final Map<TypeInformation<?>, TypeSerializer<?>> serializers = new HashMap<>();

  /** Whose function runs now; null between slices, and for ever once closing has begun. */
  private InFlight<K, IN> running;

  FunctionRunner(
      DurableFunction<K, IN, OUT> function,
      OperatorOptions<IN> options,
      ContinuationActionExecutor executor,
      TypeSerializer<IN> elementSerializer,
      SerializerConfig serializerConfig,
      KeyedStateStore states,
      InternalTimerService<VoidNamespace> timers,
      ProcessingTimeService clock,
      OperatorMetrics metrics,
      EventLog events,
      CallJournal<K, IN> journal) {
    this.function = function;
    this.options = options;
    this.executor = executor;
    this.elementSerializer = elementSerializer;
    this.serializerConfig = serializerConfig;
    this.states = states;
    this.timers = timers;
    this.clock = clock;
    this.metrics = metrics;
    this.events = events;
    this.journal = journal;
  }

  /**
   * Starts or resumes the function of an element; the backend's current key is the element's.
   *
   * @return whether it ended; what it threw is in {@code element.failure}
   */
  boolean run(InFlight<K, IN> element) {
    running = element;
    try {
      return executor.executeAction(element, () -> body(element));
    } finally {
      running = null;
    }
  }

  private void body(InFlight<K, IN> element) {
    ElementContext<K, IN, OUT> context = new ElementContext<>(this, element);
    try {
      if (element.kind == InFlight.Kind.ELEMENT) {
        function.process(elementSerializer.copy(element.value), context, context);
      } else {
        TimeDomain domain =
            element.kind == InFlight.Kind.EVENT_TIMER
                ? TimeDomain.EVENT_TIME
                : TimeDomain.PROCESSING_TIME;
        function.onTimer(element.timestamp, domain, context, context);
      }
    } catch (ActionAbortedError aborted) {
      throw aborted;
    } catch (Throwable thrown) {
      element.failure = thrown;
    }
  }

  /** Takes the elements whose function can go on. */
  @SuppressWarnings("unchecked")
  List<InFlight<K, IN>> drainReady() {
    List<InFlight<K, IN>> ready = new ArrayList<>();
    for (ContinuationContext context : executor.drainReady()) {
      ready.add((InFlight<K, IN>) context);
    }
    return ready;
  }

  /** Ends every function in flight and every call; none reaches state or output any more. */
  void close() {
    running = null;
    try (events;
        journal) {
      executor.close();
    }
  }

  boolean isRunning(InFlight<K, IN> element) {
    return running == element;
  }

  void replayed(InFlight<K, IN> element, Step step) {
    metrics.callReplayed();
    events.write("replayed", element, step.name());
  }

  void suspends(InFlight<K, IN> element, String what) {
    events.write("suspended", element, what);
  }

  void resumed(InFlight<K, IN> element, String what, long waitedNanos) {
    metrics.waited(waitedNanos);
    events.write("resumed", element, what);
  }

  @SuppressWarnings("unchecked")
  <T> TypeSerializer<T> serializer(TypeInformation<T> type) {
    return (TypeSerializer<T>)
        serializers.computeIfAbsent(type, unknown -> unknown.createSerializer(serializerConfig));
  }

  ContinuationActionExecutor executor() {
    return executor;
  }

  OperatorOptions<IN> options() {
    return options;
  }

  CallJournal<K, IN> journal() {
    return journal;
  }

  KeyedStateStore states() {
    return states;
  }

  InternalTimerService<VoidNamespace> timers() {
    return timers;
  }

  MetricGroup metricGroup() {
    return metrics.group();
  }

  long currentTimeMillis() {
    return clock.getCurrentProcessingTime();
  }
}
