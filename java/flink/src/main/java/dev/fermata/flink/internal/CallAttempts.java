// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.ErrorKind;
import dev.fermata.FermataException;
import dev.fermata.flink.CallOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/**
 * Makes calls, all at once, until each step has an outcome: attempt by attempt, with the waits
 * between them. Runs inside the action that waits for them.
 *
 * @param <T> type of the results
 * @param <C> what is called
 */
abstract class CallAttempts<T, C> {
  final ContinuationActionExecutor executor;
  final ContinuationContext action;
  final CallOptions options;
  private final TypeSerializer<T> serializer;
  private final List<Pending> pending = new ArrayList<>();

  CallAttempts(
      ContinuationActionExecutor executor,
      ContinuationContext action,
      CallOptions options,
      TypeSerializer<T> serializer) {
    this.executor = executor;
    this.action = action;
    this.options = options;
    this.serializer = serializer;
  }

  void add(Step step, C call) {
    pending.add(new Pending(step, call));
  }

  boolean isEmpty() {
    return pending.isEmpty();
  }

  List<String> names() {
    List<String> names = new ArrayList<>(pending.size());
    pending.forEach(call -> names.add(call.step.name()));
    return names;
  }

  void run() {
    for (int number = 1; !pending.isEmpty(); number++) {
      if (number > 1) {
        executor.sleep(action, options.retry().delayAfter(number - 1));
      }
      attempt();
      int attempts = number;
      pending.removeIf(call -> call.isOver(attempts));
    }
  }

  private void attempt() {
    List<Attempt> attempts = new ArrayList<>(pending.size());
    for (Pending call : pending) {
      call.latest = new Attempt(call);
      attempts.add(call.latest);
    }
    try {
      make(attempts);
    } catch (FermataException thrown) {
      // The attempts began at one moment and share the deadline: it passed for all that are open.
      if (thrown.kind() != ErrorKind.TIMED_OUT) {
        throw thrown;
      }
    }
  }

  /**
   * Makes each call once, tells its attempt how it ended, and waits for that with the deadline of
   * the options. An {@link Error} is no outcome: it passes through and ends the function.
   */
  abstract void make(List<Attempt> attempts);

  private final class Pending {
    private final Step step;
    private final C call;
    private Attempt latest;

    Pending(Step step, C call) {
      this.step = step;
      this.call = call;
    }

    /** Whether there is an outcome after this many attempts; without another one it has failed. */
    boolean isOver(int attempts) {
      if (step.isDone()) {
        return true;
      }
      Exception failure = latest.failure();
      if (options.retry().retries(attempts, failure)) {
        return false;
      }
      step.fail(failure, attempts);
      return true;
    }
  }

  /** One attempt; told of its end by any thread. */
  final class Attempt {
    private final Pending call;
    private final long startNanos = System.nanoTime();

    /** An attempt that was given up may return beside the next one. */
    private final TypeSerializer<T> ownSerializer;

    private volatile Thrown thrown;

    private Attempt(Pending call) {
      this.call = call;
      ownSerializer = call.step.isRecorded() ? serializer.duplicate() : serializer;
    }

    C call() {
      return call.call;
    }

    void returned(T value) {
      call.step.complete(value, ownSerializer);
    }

    void threw(Exception failure) {
      thrown = new Thrown(failure, System.nanoTime() - startNanos);
    }

    /** What it threw. Thrown after its deadline that was its answer to being stopped. */
    private Exception failure() {
      Thrown seen = thrown;
      Duration deadline = options.deadline();
      if (seen != null && (deadline == null || seen.afterNanos < deadline.toNanos())) {
        return seen.failure;
      }
      return new TimeoutException("no result within " + deadline);
    }
  }

  private static final class Thrown {
    private final Exception failure;
    private final long afterNanos;

    Thrown(Exception failure, long afterNanos) {
      this.failure = failure;
      this.afterNanos = afterNanos;
    }
  }
}
