// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import dev.fermata.ActionScope;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.journal.JournalRecord.ActionFinished;
import dev.fermata.journal.JournalRecord.CallStarted;
import dev.fermata.journal.JournalRecord.ValueRecorded;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * One run of an action: gives each request its place, answers it from the {@link History} or
 * carries it out, and waits.
 *
 * <p>Used by the action's thread alone, which it checks. Valid until {@link #close}.
 */
final class ActionContext implements DurableContext {
  private static final CompletableFuture<Void> DONE = CompletableFuture.completedFuture(null);

  private final String id;
  private final ActionScope scope;
  private final History history;
  private final ActionLog log;
  private final Outcomes outcomes;
  private final Calls calls;
  private final Serialiser serialiser;
  private final Clock clock;
  private final Thread thread = Thread.currentThread();
  private long places;
  private Random random;
  private boolean closed;

  ActionContext(
      String id, ActionScope scope, History history, ActionLog log, DurableOptions options) {
    this.id = id;
    this.scope = scope;
    this.history = history;
    this.log = log;
    outcomes = options.outcomes();
    calls = new Calls(scope, log, outcomes, id);
    serialiser = options.serialiser();
    clock = options.clock();
  }

  @Override
  public String actionId() {
    return id;
  }

  @Override
  public boolean isReplaying() {
    check();
    return history.isReplaying();
  }

  @Override
  public <T> DurableCall<T> callAsync(
      String name,
      ResultType<T> type,
      CallOptions<T> options,
      Callable<? extends T> call,
      Object... arguments)
      throws Exception {
    Objects.requireNonNull(call, "call");
    return begin(
        name,
        type,
        options,
        arguments,
        (begun, unrecorded) -> calls.submit(begun, unrecorded, type, options, call));
  }

  @Override
  public <T> DurableCall<T> callStage(
      String name,
      ResultType<T> type,
      CallOptions<T> options,
      Supplier<? extends CompletionStage<? extends T>> call,
      Object... arguments)
      throws Exception {
    Objects.requireNonNull(call, "call");
    return begin(
        name,
        type,
        options,
        arguments,
        (begun, unrecorded) -> calls.begin(begun, unrecorded, type, options, call));
  }

  /** How a call is made that the record does not answer. */
  private interface Start<T> {
    void start(DurableCall<T> call, CallStarted unrecorded);
  }

  private <T> DurableCall<T> begin(
      String name, ResultType<T> type, CallOptions<T> options, Object[] arguments, Start<T> start)
      throws Exception {
    check();
    byte[] digest = digest(name, arguments);
    DurableCall<T> call = new DurableCall<>(this, places++, name);
    CallStarted started = new CallStarted(id, call.place(), name, digest);
    try {
      History.Entry known = history.call(call.place(), name, digest);
      if (known != null && known.finished() != null) {
        call.end(read(call, known, type));
      } else if (options.reconciler() == null) {
        start.start(call, known == null ? started : null);
      } else if (known == null) {
        awaitAcknowledgement(log.append(started));
        start.start(call, null);
      } else {
        reconcile(call, type, options, start);
      }
      return call;
    } catch (Throwable thrown) {
      throw fail(thrown);
    }
  }

  private <T> Outcome<T> read(DurableCall<T> call, History.Entry known, ResultType<T> type) {
    try {
      return outcomes.read(known.finished(), type);
    } catch (Exception | StackOverflowError unreadable) {
      NonDeterministicActionException differs =
          history.differs("for " + call + " a result that is no " + type, "a result of " + type);
      differs.initCause(unreadable);
      throw differs;
    }
  }

  private <T> void reconcile(
      DurableCall<T> call, ResultType<T> type, CallOptions<T> options, Start<T> start) {
    CompletableFuture<Reconciliation<T>> asked =
        calls.ask(options.reconciler(), options.deadline());
    awaitEnd(asked.handle((value, failure) -> null), List.of());
    Reconciliation<T> answer = scope.await(asked);
    if (answer == null) {
      throw new NullPointerException("The reconciler of " + call + " answered null");
    }
    if (!answer.isHappened()) {
      start.start(call, null);
    } else if (answer.failure() == null) {
      calls.record(call, null, outcomes.returned(call.name(), type, answer.value()));
    } else {
      calls.record(call, null, outcomes.threw(answer.failure()));
    }
  }

  private byte[] digest(String name, Object[] arguments) {
    try {
      return Digests.of(serialiser.serialise(Arrays.asList(arguments)));
    } catch (Exception | StackOverflowError refused) {
      throw new IllegalArgumentException(
          "The arguments of the call '" + name + "' cannot be serialised by " + serialiser,
          refused);
    }
  }

  @Override
  public <T> T await(DurableCall<T> call) throws Exception {
    check();
    checkOwn(call);
    awaitEnd(call.end(), List.of(call));
    return take(call);
  }

  @Override
  public <T> List<T> all(List<? extends DurableCall<? extends T>> all) throws Exception {
    check();
    all.forEach(this::checkOwn);
    awaitEnd(CompletableFuture.allOf(ends(all)), all);
    List<T> results = new ArrayList<>(all.size());
    Throwable failure = null;
    for (DurableCall<? extends T> call : all) {
      try {
        results.add(take(call));
      } catch (Throwable thrown) {
        if (failure == null) {
          failure = thrown;
        } else if (failure != thrown) {
          failure.addSuppressed(thrown);
        }
      }
    }
    if (failure != null) {
      throw Unchecked.rethrow(failure);
    }
    return results;
  }

  @Override
  public <T> DurableCall<T> any(List<DurableCall<T>> any) {
    check();
    any.forEach(this::checkOwn);
    if (any.isEmpty()) {
      throw new IllegalArgumentException("any needs at least one call to wait for");
    }
    long chosen = value(ValueRecorded.Kind.CHOSEN, () -> first(any).place());
    for (DurableCall<T> call : any) {
      if (call.place() == chosen) {
        awaitEnd(call.end(), List.of(call));
        return call;
      }
    }
    throw fail(
        history.differs(
            "the choice of the call at place " + Long.toUnsignedString(chosen),
            "the choice of one of " + any));
  }

  /** The call that ended first, which this waits for. */
  private <T> DurableCall<T> first(List<DurableCall<T>> any) {
    awaitEnd(CompletableFuture.anyOf(ends(any)), any);
    DurableCall<T> first =
        any.stream()
            .filter(call -> call.end().isDone())
            .min((one, other) -> Long.signum(one.endedNanos() - other.endedNanos()))
            .get();
    if (!first.isRecorded()) {
      throw fail(first.failure());
    }
    return first;
  }

  @Override
  public void sleep(Duration duration) {
    if (duration.isNegative()) {
      throw new IllegalArgumentException("duration must not be negative, but is " + duration);
    }
    long place = nextPlace();
    Long recorded = recorded(place, ValueRecorded.Kind.SLEEP);
    long end = recorded == null ? endOf(duration) : recorded;
    try {
      if (recorded == null) {
        awaitAcknowledgement(
            log.append(new ValueRecorded(id, place, ValueRecorded.Kind.SLEEP, end)));
      }
      long rest = end - nanos(clock.instant());
      if (rest > 0) {
        scope.sleep(Duration.ofNanos(rest));
      }
    } catch (Throwable thrown) {
      throw fail(thrown);
    }
  }

  /** Nanoseconds since 1970; the end of time, in 2262, for what is beyond it. */
  private long endOf(Duration duration) {
    long now = nanos(clock.instant());
    long longest = Long.MAX_VALUE - Math.max(0, now);
    return duration.compareTo(Duration.ofNanos(longest)) < 0
        ? now + duration.toNanos()
        : Long.MAX_VALUE;
  }

  @Override
  public Instant now() {
    long nanos = value(ValueRecorded.Kind.NOW, () -> nanos(clock.instant()));
    return Instant.EPOCH.plusNanos(nanos);
  }

  @Override
  public Random random() {
    check();
    if (random == null) {
      random =
          new Random(
              value(ValueRecorded.Kind.RANDOM, () -> ThreadLocalRandom.current().nextLong()));
    }
    return random;
  }

  private static long nanos(Instant instant) {
    return Duration.between(Instant.EPOCH, instant).toNanos();
  }

  /** What is recorded at the next place, or else what is learnt now, which is then recorded. */
  private long value(ValueRecorded.Kind kind, LongSupplier learn) {
    long place = nextPlace();
    Long recorded = recorded(place, kind);
    if (recorded != null) {
      return recorded;
    }
    long learnt = learn.getAsLong();
    log.appendLazily(new ValueRecorded(id, place, kind, learnt));
    throwFailure();
    return learnt;
  }

  private Long recorded(long place, ValueRecorded.Kind kind) {
    try {
      return history.value(place, kind);
    } catch (NonDeterministicActionException differs) {
      throw fail(differs);
    }
  }

  private long nextPlace() {
    check();
    return places++;
  }

  /** The result of a call that has ended, or what it threw, with the stack of who asks. */
  private <T> T take(DurableCall<T> call) {
    Throwable thrown = call.failure();
    if (thrown == null) {
      return call.result().join();
    }
    try {
      return scope.await(call.result());
    } catch (Throwable failure) {
      throw call.isRecorded() && failure == thrown ? Unchecked.rethrow(failure) : fail(failure);
    }
  }

  private void awaitAcknowledgement(CompletableFuture<Void> acknowledged) {
    awaitEnd(acknowledged.handle((ok, failure) -> null), List.of());
    throwFailure();
  }

  /**
   * Suspends the action until something has happened, however long that takes: the executor's
   * default deadline is for calls, which keep it themselves.
   *
   * @param end never completes exceptionally
   * @param awaited those whose deadlines the action keeps meanwhile
   */
  private void awaitEnd(CompletableFuture<?> end, Collection<? extends DurableCall<?>> awaited) {
    try {
      while (!end.isDone()) {
        Deadline next = nextDeadline(awaited);
        // Read once: the executor refuses a deadline that has passed meanwhile.
        long rest = next == null ? 0 : next.restNanos();
        try {
          if (next == null) {
            scope.await(end);
          } else if (rest > 0) {
            scope.await(end, Duration.ofNanos(rest));
          } else {
            next.expire();
          }
        } catch (FermataException late) {
          if (late.kind() != ErrorKind.TIMED_OUT) {
            throw late;
          }
        }
      }
    } catch (Throwable thrown) {
      throw fail(thrown);
    }
  }

  private static Deadline nextDeadline(Collection<? extends DurableCall<?>> calls) {
    return calls.stream()
        .map(DurableCall::deadline)
        .filter(deadline -> deadline != null && deadline.isOpen())
        .min(Comparator.comparingLong(Deadline::restNanos))
        .orElse(null);
  }

  private static CompletableFuture<?>[] ends(Collection<? extends DurableCall<?>> calls) {
    return calls.stream().map(DurableCall::end).toArray(CompletableFuture[]::new);
  }

  /** Ends the record with what no later run would learn; each later use throws it again. */
  private RuntimeException fail(Throwable thrown) {
    log.fail(thrown);
    throw Unchecked.rethrow(thrown);
  }

  private void throwFailure() {
    Throwable failure = log.failure();
    if (failure != null) {
      throw Unchecked.rethrow(failure);
    }
  }

  private void checkOwn(DurableCall<?> call) {
    if (call.owner() != this) {
      throw new IllegalArgumentException(call + " was not begun by this run of '" + id + "'");
    }
  }

  private void check() {
    if (closed) {
      throw new IllegalStateException(
          "the action '"
              + id
              + "' has ended, and its context with it; make calls before it returns");
    }
    if (calls.isInside()) {
      throw new IllegalStateException(
          "a call must not use the context of its action '" + id + "': it may run again or not");
    }
    if (Thread.currentThread() != thread) {
      // An action that is aborted unwinds on another thread, and is told so here.
      scope.await(DONE);
      throw new IllegalStateException(
          "the context of the action '" + id + "' is for the thread of the action alone");
    }
    throwFailure();
  }

  /**
   * The action returned: whatever it asked for has to be recorded by now, and all of the record
   * asked for.
   */
  void returned(boolean forget) {
    check();
    // Cancelling a stage runs what depends on it, here and now: no calls are to begin there.
    closed = true;
    try {
      history.end();
    } catch (NonDeterministicActionException differs) {
      throw fail(differs);
    }
    if (!forget) {
      // Later runs, which get the result alone, are not to make them again.
      awaitEnd(calls.cancel(), List.of());
    }
    log.refuse();
    awaitEnd(log.settled(), List.of());
    throwFailure();
    if (forget) {
      log.finish(new ActionFinished(id));
    } else {
      awaitAcknowledgement(log.sync());
    }
    throwFailure();
  }

  /** Ends this run, however it went; nothing is recorded any more. */
  void close() {
    closed = true;
    log.refuse();
    calls.cancel();
  }
}
