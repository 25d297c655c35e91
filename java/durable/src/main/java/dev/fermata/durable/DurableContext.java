// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * What a {@link DurableBody} can do. Used by the action alone, on its own thread, until it returns;
 * otherwise each method throws {@link IllegalStateException}.
 *
 * <p>Each call and each value has its <em>place</em>: how many the action asked for before it. What
 * it got is recorded there. When the action is run again, what was recorded is returned in place of
 * asking anew: a call that has an outcome in the record is not made again, whether it returned or
 * threw. A call that was begun and has none is made again, or its {@linkplain
 * CallOptions#reconciler reconciler} asked.
 *
 * <p><b>Results</b> are what the {@linkplain Serialiser serialiser} reads back from what it wrote,
 * in the first run too, so that each run sees the same. <b>Exceptions</b> of a call are thrown as
 * the same object in the run that makes it; in later runs as one of the same class made again, if
 * that is {@linkplain DurableOptions.Builder#rebuild on the list}, or as {@link
 * RecordedCallException}. An {@link Error} is no outcome, nor is the end of the action by
 * {@linkplain dev.fermata.ContinuationActionExecutor#cancel cancellation} or {@linkplain
 * dev.fermata.ActionAbortedError abort}: it is not recorded, and each later use of the context
 * throws it again.
 *
 * <p><b>Failures of the journal</b> are {@link dev.fermata.FermataException}s: when a record cannot
 * be written, the method that waits for it and each later one throws the journal's exception, and
 * nothing is recorded any more. The action fails and can be run again.
 */
public interface DurableContext {
  /**
   * Returns the id that the action is recorded under.
   *
   * @return the id
   */
  String actionId();

  /**
   * Tells whether an earlier run got further than this one has. For what should happen once, such
   * as a line in a log.
   *
   * @return {@code true} while something is recorded that this run has not asked for yet
   */
  boolean isReplaying();

  /**
   * Makes a call on a worker and suspends the action until its outcome is recorded.
   *
   * @param name names the call in the record and in errors
   * @param type class of the result; a generic one needs {@link #call(String, ResultType,
   *     CallOptions, Callable, Object...)}
   * @param call blocking code, without access to this context
   * @param arguments what the result depends on: compared with the record, by a digest of their
   *     serialised form
   * @param <T> type of the result
   * @return the result, may be {@code null}
   * @throws Exception what the call threw; {@link UnrecordableResultException} if its result cannot
   *     be recorded
   * @throws NonDeterministicActionException if another call, value or argument is recorded here
   */
  default <T> T call(String name, Class<T> type, Callable<? extends T> call, Object... arguments)
      throws Exception {
    return call(name, ResultType.of(type), CallOptions.create(), call, arguments);
  }

  /**
   * As {@link #call(String, Class, Callable, Object...)}, for any type, with options.
   *
   * @param name names the call in the record and in errors
   * @param type type of the result
   * @param options deadline and reconciler
   * @param call blocking code, without access to this context
   * @param arguments what the result depends on
   * @param <T> type of the result
   * @return the result, may be {@code null}
   * @throws Exception what the call threw; {@link CallTimedOutException} if its deadline passed
   */
  default <T> T call(
      String name,
      ResultType<T> type,
      CallOptions<T> options,
      Callable<? extends T> call,
      Object... arguments)
      throws Exception {
    return await(callAsync(name, type, options, call, arguments));
  }

  /**
   * Begins a call on a worker and goes on. Its outcome is recorded when the call ends.
   *
   * @param name names the call in the record and in errors
   * @param type class of the result
   * @param call blocking code, without access to this context
   * @param arguments what the result depends on
   * @param <T> type of the result
   * @return the call, for {@link #await}, {@link #all} and {@link #any}
   * @throws Exception if its reconciler cannot tell
   */
  default <T> DurableCall<T> callAsync(
      String name, Class<T> type, Callable<? extends T> call, Object... arguments)
      throws Exception {
    return callAsync(name, ResultType.of(type), CallOptions.create(), call, arguments);
  }

  /**
   * As {@link #callAsync(String, Class, Callable, Object...)}, for any type, with options. With a
   * reconciler it suspends the action until the start of the call is recorded, or the reconciler
   * has answered.
   *
   * @param name names the call in the record and in errors
   * @param type type of the result
   * @param options deadline and reconciler
   * @param call blocking code, without access to this context
   * @param arguments what the result depends on
   * @param <T> type of the result
   * @return the call
   * @throws Exception what the reconciler threw
   */
  <T> DurableCall<T> callAsync(
      String name,
      ResultType<T> type,
      CallOptions<T> options,
      Callable<? extends T> call,
      Object... arguments)
      throws Exception;

  /**
   * Begins a call by an asynchronous client and goes on; no worker runs.
   *
   * <pre>{@code
   * DurableCall<String> page = context.callStage("page", String.class, () ->
   *     http.sendAsync(request, BodyHandlers.ofString()).thenApply(HttpResponse::body), url);
   * }</pre>
   *
   * @param name names the call in the record and in errors
   * @param type class of the result
   * @param call begins the call, on the action's thread and without access to this context; must
   *     not block. What it returns is cancelled, by {@link CompletionStage#toCompletableFuture()},
   *     when the deadline passes or the action ends
   * @param arguments what the result depends on
   * @param <T> type of the result
   * @return the call
   * @throws Exception if its reconciler cannot tell
   */
  default <T> DurableCall<T> callStage(
      String name,
      Class<T> type,
      Supplier<? extends CompletionStage<? extends T>> call,
      Object... arguments)
      throws Exception {
    return callStage(name, ResultType.of(type), CallOptions.create(), call, arguments);
  }

  /**
   * As {@link #callStage(String, Class, Supplier, Object...)}, for any type, with options. Its
   * deadline takes effect while the action waits.
   *
   * @param name names the call in the record and in errors
   * @param type type of the result
   * @param options deadline, by default none, and reconciler
   * @param call begins the call
   * @param arguments what the result depends on
   * @param <T> type of the result
   * @return the call
   * @throws Exception what the reconciler threw
   */
  <T> DurableCall<T> callStage(
      String name,
      ResultType<T> type,
      CallOptions<T> options,
      Supplier<? extends CompletionStage<? extends T>> call,
      Object... arguments)
      throws Exception;

  /**
   * Suspends the action until the outcome of a call is recorded.
   *
   * @param call a call of this context
   * @param <T> type of the result
   * @return the result, may be {@code null}
   * @throws Exception what the call threw
   */
  <T> T await(DurableCall<T> call) throws Exception;

  /**
   * Suspends the action one time, until the outcomes of all calls are recorded, whether they failed
   * or not.
   *
   * @param calls calls of this context
   * @param <T> common type of the results
   * @return the results in the order of the calls; may hold {@code null}
   * @throws Exception of the first call, in their order, that threw; what others threw is added to
   *     it as suppressed
   */
  <T> List<T> all(List<? extends DurableCall<? extends T>> calls) throws Exception;

  /**
   * Suspends the action until the outcome of one call is recorded. Which it was is recorded, too.
   *
   * @param calls at least one call of this context; the others go on
   * @param <T> common type of the results
   * @return the call that ended first, whether it returned or threw, for {@link #await}
   */
  <T> DurableCall<T> any(List<DurableCall<T>> calls);

  /**
   * Suspends the action for a time; no thread waits. When it ends is recorded before it begins: a
   * later run sleeps for what is left.
   *
   * @param duration how long, not negative
   */
  void sleep(Duration duration);

  /**
   * Returns the time, the same in each run. It becomes durable with the next outcome that does.
   *
   * @return the time when this place of the action was first reached
   */
  Instant now();

  /**
   * Returns random numbers of this action, the same ones in each run. Their seed becomes durable
   * with the next outcome that does.
   *
   * @return the same object at each call; for this action alone, not for secrets
   */
  Random random();
}
