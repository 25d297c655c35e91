// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.flink.api.common.state.AggregatingState;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingState;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.util.OutputTag;

/**
 * What a {@link DurableFunction} can do for the element it processes. Used by the function alone,
 * on its own thread, until it returns; otherwise each method throws {@link IllegalStateException}.
 *
 * <p>Calls, the clock and random numbers are recorded with the element. A checkpoint holds the
 * record of each element in flight; when the element is processed again after a failure, what was
 * recorded is returned in place of asking anew. A request that differs from the record in name,
 * kind or type is treated as {@link FermataOptions#ON_CHANGED_CALLS} says.
 *
 * @param <K> type of the keys
 */
public interface DurableContext<K> {
  /** {@return the key of the element} */
  K key();

  /**
   * {@return the timestamp of the element in milliseconds since the epoch, or {@code null} if it
   * has none}
   */
  Long timestamp();

  /**
   * Makes a call and suspends the function until it is done, with the job's deadline and retries.
   *
   * @param name names the call in records, errors and the event log
   * @param type type of the result; a generic one needs {@link #call(String, TypeInformation,
   *     Callable)}
   * @param call blocking code, run on another thread, without access to this context
   * @param <T> type of the result
   * @return what the call returned, may be {@code null}
   * @throws CallFailedException if each attempt threw an exception or met its deadline
   */
  default <T> T call(String name, Class<T> type, Callable<? extends T> call) {
    return call(name, TypeInformation.of(type), call);
  }

  /**
   * As {@link #call(String, Class, Callable)}, for a type that a class cannot tell.
   *
   * @param name names the call in records, errors and the event log
   * @param type type of the result
   * @param call blocking code, run on another thread, without access to this context
   * @param <T> type of the result
   * @return what the call returned, may be {@code null}
   * @throws CallFailedException if each attempt threw an exception or met its deadline
   */
  <T> T call(String name, TypeInformation<T> type, Callable<? extends T> call);

  /**
   * As {@link #call(String, TypeInformation, Callable)}, with a deadline and retries of its own.
   *
   * @param name names the call in records, errors and the event log
   * @param type type of the result
   * @param options deadline and retries
   * @param call blocking code, run on another thread, without access to this context
   * @param <T> type of the result
   * @return what the call returned, may be {@code null}
   * @throws CallFailedException if each attempt threw an exception or met its deadline
   */
  <T> T call(String name, TypeInformation<T> type, CallOptions options, Callable<? extends T> call);

  /**
   * Makes a call by an asynchronous client and suspends the function until it is done, with the
   * job's deadline and retries. No thread waits for it. Recorded as {@link #call(String, Class,
   * Callable)} is: either may answer from a record of the other.
   *
   * <pre>{@code
   * String page = context.callAsync("page", String.class, () ->
   *     http.sendAsync(request, BodyHandlers.ofString()).thenApply(HttpResponse::body));
   * }</pre>
   *
   * @param name names the call in records, errors and the event log
   * @param type type of the result; a generic one needs {@link #callAsync(String, TypeInformation,
   *     Supplier)}
   * @param call begins the call, on the task's thread and without access to this context; must not
   *     block. Asked once for each attempt. What it returns is cancelled, by {@link
   *     CompletionStage#toCompletableFuture()}, when its deadline passes or the function ends
   * @param <T> type of the result
   * @return what the stage completed with, may be {@code null}
   * @throws CallFailedException if each attempt failed with an exception or met its deadline
   */
  default <T> T callAsync(String name, Class<T> type, Supplier<? extends CompletionStage<T>> call) {
    return callAsync(name, TypeInformation.of(type), call);
  }

  /**
   * As {@link #callAsync(String, Class, Supplier)}, for a type that a class cannot tell.
   *
   * @param name names the call in records, errors and the event log
   * @param type type of the result
   * @param call begins the call
   * @param <T> type of the result
   * @return what the stage completed with, may be {@code null}
   * @throws CallFailedException if each attempt failed with an exception or met its deadline
   */
  <T> T callAsync(
      String name, TypeInformation<T> type, Supplier<? extends CompletionStage<T>> call);

  /**
   * As {@link #callAsync(String, TypeInformation, Supplier)}, with a deadline and retries of its
   * own.
   *
   * @param name names the call in records, errors and the event log
   * @param type type of the result
   * @param options deadline and retries
   * @param call begins the call
   * @param <T> type of the result
   * @return what the stage completed with, may be {@code null}
   * @throws CallFailedException if each attempt failed with an exception or met its deadline
   */
  <T> T callAsync(
      String name,
      TypeInformation<T> type,
      CallOptions options,
      Supplier<? extends CompletionStage<T>> call);

  /**
   * Makes several calls at once and suspends the function one time, until all are done. Each is
   * recorded by itself: those that had finished before a failure are not made again.
   *
   * @param name names the calls, with their index behind it
   * @param type type of the results
   * @param calls blocking code, run on other threads, without access to this context
   * @param <T> type of the results
   * @return what the calls returned, in their order
   * @throws CallFailedException of the first call, in their order, that failed; failures of others
   *     are added to it as suppressed
   */
  default <T> List<T> gather(
      String name, Class<T> type, List<? extends Callable<? extends T>> calls) {
    return gather(name, TypeInformation.of(type), calls);
  }

  /**
   * As {@link #gather(String, Class, List)}, for a type that a class cannot tell.
   *
   * @param name names the calls, with their index behind it
   * @param type type of the results
   * @param calls blocking code, run on other threads, without access to this context
   * @param <T> type of the results
   * @return what the calls returned, in their order
   * @throws CallFailedException of the first call, in their order, that failed
   */
  <T> List<T> gather(
      String name, TypeInformation<T> type, List<? extends Callable<? extends T>> calls);

  /**
   * As {@link #gather(String, TypeInformation, List)}, with a deadline and retries for each call.
   *
   * @param name names the calls, with their index behind it
   * @param type type of the results
   * @param options deadline and retries of each call
   * @param calls blocking code, run on other threads, without access to this context
   * @param <T> type of the results
   * @return what the calls returned, in their order
   * @throws CallFailedException of the first call, in their order, that failed
   */
  <T> List<T> gather(
      String name,
      TypeInformation<T> type,
      CallOptions options,
      List<? extends Callable<? extends T>> calls);

  /**
   * Suspends the function for a time; no thread waits. The end is recorded: processed again, the
   * element sleeps only for what is left.
   *
   * @param duration how long, not negative
   */
  void sleep(Duration duration);

  /** {@return the time in milliseconds since the epoch, recorded and replayed} */
  long currentTimeMillis();

  /**
   * {@return random numbers of this element, the same ones when it is processed again; the same
   * object at each call}
   */
  Random random();

  /**
   * Returns a value of the key. It shows what this function wrote; others see that when it returns.
   * Values are copies: changing one changes no state. A time to live ({@link
   * ValueStateDescriptor#enableTimeToLive}) counts from when the function returns.
   *
   * @param descriptor name and type; the same for each element
   * @param <T> type of the value
   * @return the state, {@code null} when empty; valid as long as this context
   */
  <T> ValueState<T> getState(ValueStateDescriptor<T> descriptor);

  /**
   * Returns a list of the key; otherwise as {@link #getState}.
   *
   * @param descriptor name and type; the same for each element
   * @param <T> type of its elements
   * @return the state, empty at first; valid as long as this context
   */
  <T> ListState<T> getListState(ListStateDescriptor<T> descriptor);

  /**
   * Returns a map of the key; otherwise as {@link #getState}. Iterating reads all of it at once.
   *
   * @param descriptor name and types; the same for each element
   * @param <UK> type of its keys
   * @param <UV> type of its values
   * @return the state, empty at first; valid as long as this context
   */
  <UK, UV> MapState<UK, UV> getMapState(MapStateDescriptor<UK, UV> descriptor);

  /**
   * Returns what the values of the key were reduced to; otherwise as {@link #getState}. Kept as a
   * value of that name: a state that Flink's own operators wrote as reducing state is not read.
   *
   * @param descriptor name, type and how two values become one; the same for each element
   * @param <T> type of the values
   * @return the state, {@code null} when empty; valid as long as this context
   */
  <T> ReducingState<T> getReducingState(ReducingStateDescriptor<T> descriptor);

  /**
   * Returns an aggregate of the key; otherwise as {@link #getReducingState}.
   *
   * @param descriptor name, type of the accumulator and how it is computed; the same for each
   *     element
   * @param <T> type of what is added
   * @param <ACC> type of the accumulator
   * @param <R> type of the aggregate
   * @return the state, {@code null} when empty; valid as long as this context
   */
  <T, ACC, R> AggregatingState<T, R> getAggregatingState(
      AggregatingStateDescriptor<T, ACC, R> descriptor);

  /**
   * Registers a timer of the key in event time.
   *
   * @param timestamp when {@link DurableFunction#onTimer} is called, in milliseconds since the
   *     epoch
   */
  void registerEventTimeTimer(long timestamp);

  /**
   * Registers a timer of the key in processing time.
   *
   * @param timestamp when {@link DurableFunction#onTimer} is called, in milliseconds since the
   *     epoch
   */
  void registerProcessingTimeTimer(long timestamp);

  /**
   * Removes a timer of the key in event time, if there is one.
   *
   * @param timestamp what it was registered for
   */
  void deleteEventTimeTimer(long timestamp);

  /**
   * Removes a timer of the key in processing time, if there is one.
   *
   * @param timestamp what it was registered for
   */
  void deleteProcessingTimeTimer(long timestamp);

  /**
   * Adds to a side output; it carries the timestamp that the main output carries.
   *
   * @param tag the side output
   * @param value the element, not to be changed afterwards
   * @param <X> type of the side output
   */
  <X> void output(OutputTag<X> tag, X value);

  /** {@return the metric group of the operator, for metrics of the function} */
  MetricGroup metricGroup();
}
