// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.internal.http;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.net.http.HttpResponse.ResponseInfo;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;

/**
 * One call of {@code send} under a policy: attempts one after the other, each once it is admitted,
 * until one got what is for the user or the call is given up. Between them nothing but an {@link
 * Admission} waits.
 *
 * <p>Any thread may give it up; under the lock it is decided who ends the call and who begins the
 * next attempt, and nothing else is done there.
 */
final class PolicyCall<T> implements Cancellable {
  private final ClientCore client;
  private final AppliedPolicy policy;
  private final PolicyCounters counters;
  private final SentRequest sent;
  private final HttpRequest request;
  private final BodyHandler<T> handler;
  private final PushPromiseHandler<T> pushes;
  private final long cost;
  private final boolean mayRepeat;
  private final long begun = System.nanoTime();
  private final ResponseFuture<HttpResponse<T>> future = new ResponseFuture<>(this);
  private final Alarm alarm;
  private Turn turn;
  private Attempt attempt;
  private int attempts;
  private final List<Throwable> failures = new ArrayList<>();
  private Throwable givenUp;
  private boolean decided;
  private boolean exited;

  /**
   * A call in flight at {@code client}, which is told when it ends.
   *
   * @throws IllegalArgumentException if the request costs more than the policy ever allows
   */
  PolicyCall(
      ClientCore client,
      AppliedPolicy policy,
      SentRequest sent,
      HttpRequest request,
      BodyHandler<T> handler,
      PushPromiseHandler<T> pushes) {
    this.client = client;
    this.policy = policy;
    this.counters = policy.counters();
    this.sent = sent;
    this.request = request;
    this.handler = handler;
    this.pushes = pushes;
    cost = policy.cost(request);
    mayRepeat = policy.mayRepeat(request);
    alarm = policy.deadline() == null ? null : new Alarm();
  }

  /**
   * Begins, on the calling thread where nothing is to be waited for.
   *
   * @return completes with the last response, on the client's executor
   */
  CompletableFuture<HttpResponse<T>> begin() {
    if (alarm != null) {
      client.admit(alarm, null, 0, policy.deadline());
    }
    if (policy.hasLimits()) {
      queue(Duration.ZERO);
    } else {
      send(null);
    }
    return future;
  }

  /** Waits for the next attempt's turn, which does not come before {@code delay} has passed. */
  private void queue(Duration delay) {
    Turn next = new Turn();
    synchronized (this) {
      if (givenUp != null) {
        return;
      }
      turn = next;
      counters.waiting.incrementAndGet();
    }
    client.admit(next, policy, cost, delay);
  }

  /** Sends the request, if that is still wanted. */
  private void send(Turn admission) {
    Attempt next = new Attempt(admission);
    synchronized (this) {
      if (givenUp != null || turn != admission) {
        return;
      }
      turn = null;
      attempt = next;
      attempts++;
    }
    if (admission != null) {
      counters.waiting.decrementAndGet();
    }
    counters.admitted.increment();
    next.begin();
  }

  @Override
  public void abort(Throwable reason) {
    Turn left;
    Attempt running;
    synchronized (this) {
      if (givenUp != null || future.isDone() && !future.isCancelled()) {
        return;
      }
      givenUp = reason;
      left = turn;
      turn = null;
      running = attempt;
    }
    if (left != null) {
      counters.waiting.decrementAndGet();
      left.leave();
    }
    if (running == null) {
      end(null, reason);
    } else {
      running.abort(reason);
    }
  }

  /** Ends the call, as the last attempt or whoever gave it up decided. */
  private void end(HttpResponse<T> response, Throwable failure) {
    if (alarm != null) {
      alarm.leave();
    }
    if (failure == null) {
      future.complete(response);
      return;
    }
    exit();
    for (Throwable before : failures) {
      if (before != failure) {
        failure.addSuppressed(before);
      }
    }
    future.completeExceptionally(failure);
  }

  /** Nothing is in flight any more, nor will be. */
  private void exit() {
    synchronized (this) {
      if (exited) {
        return;
      }
      exited = true;
    }
    client.exit(this);
  }

  /** How long another attempt would have to wait; {@code null} if there is none. */
  private Duration untilRetry(int made, Duration atLeast) {
    synchronized (this) {
      if (givenUp != null || !mayRepeat) {
        return null;
      }
    }
    if (made >= policy.maxAttempts()) {
      counters.exhausted.increment();
      return null;
    }
    Duration backoff = policy.backoff(made);
    Duration wait = backoff.compareTo(atLeast) < 0 ? atLeast : backoff;
    if (alarm != null) {
      Duration left = policy.deadline().minusNanos(System.nanoTime() - begun);
      if (wait.compareTo(left) >= 0) {
        counters.expired.increment();
        return null;
      }
    }
    return wait;
  }

  private void onExecutor(Runnable task) {
    try {
      client.executor().execute(task);
    } catch (RejectedExecutionException refused) {
      IOException reason = new IOException("The client's executor refused a task", refused);
      ForkJoinPool.commonPool().execute(() -> abort(reason));
    }
  }

  /** The wait for an attempt, and then its place. */
  private final class Turn extends Admission {
    @Override
    void onAdmitted(boolean heldByRate) {
      if (heldByRate) {
        counters.heldByRate.increment();
      }
      onExecutor(() -> send(this));
    }

    @Override
    void onFailure(IOException reason) {
      onExecutor(() -> PolicyCall.this.abort(reason));
    }
  }

  /** The deadline. */
  private final class Alarm extends Admission {
    @Override
    void onAdmitted(boolean heldByRate) {
      onExecutor(this::ring);
    }

    @Override
    void onFailure(IOException reason) {
      onExecutor(() -> PolicyCall.this.abort(reason));
    }

    private void ring() {
      int made;
      synchronized (PolicyCall.this) {
        if (givenUp != null || future.isDone()) {
          return;
        }
        made = attempts;
      }
      counters.expired.increment();
      PolicyCall.this.abort(
          new HttpTimeoutException(
              String.format(
                  "request timed out: the deadline of %s passed after %d attempts",
                  policy.deadline(), made)));
    }
  }

  /** One plain send. Sees the head of its response before the user does. */
  private final class Attempt implements BodyHandler<T> {
    private final Turn admission;
    private volatile ResponseFuture<HttpResponse<T>> response;
    private volatile boolean isAnswered;
    private volatile boolean isOver;
    private volatile Duration retry;

    Attempt(Turn admission) {
      this.admission = admission;
    }

    void begin() {
      ResponseFuture<HttpResponse<T>> sending;
      try {
        sending = client.attempt(sent, request, this, pushes, this::onEnd);
      } catch (RuntimeException | Error refused) {
        sending = new ResponseFuture<>(none -> {});
        sending.completeExceptionally(refused);
      }
      response = sending;
      Throwable reason;
      synchronized (PolicyCall.this) {
        reason = givenUp;
      }
      if (reason != null) {
        abort(reason);
      }
      sending.whenComplete(this::onResponse);
    }

    void abort(Throwable reason) {
      ResponseFuture<HttpResponse<T>> sending = response;
      if (sending != null) {
        sending.abort(reason);
      }
    }

    @Override
    public BodySubscriber<T> apply(ResponseInfo head) {
      isAnswered = true;
      if (policy.isRetried(head.statusCode())) {
        Duration wait = untilRetry(attempts, RetryAfter.of(head.headers(), Instant.now()));
        if (wait != null) {
          counters.retriedStatuses.increment();
          retry = wait;
          return new Discarded<>();
        }
      }
      synchronized (PolicyCall.this) {
        decided = true;
      }
      return handler.apply(head);
    }

    /** The exchange has ended, whatever becomes of what it brought. */
    private void onEnd() {
      isOver = true;
      if (admission != null) {
        admission.leave();
      }
      boolean wasLast;
      synchronized (PolicyCall.this) {
        wasLast = decided;
      }
      if (wasLast) {
        exit();
      }
    }

    private void onResponse(HttpResponse<T> received, Throwable thrown) {
      Throwable failure =
          thrown instanceof CompletionException && thrown.getCause() != null
              ? thrown.getCause()
              : thrown;
      if ((failure != null || retry != null) && !isOver) {
        onEnd();
      }
      Duration wait = retry;
      if (failure != null && !isAnswered && policy.isRetried(failure)) {
        wait = untilRetry(attempts, Duration.ZERO);
        if (wait != null) {
          counters.retriedFailures.increment();
        }
      }
      Throwable reason;
      synchronized (PolicyCall.this) {
        reason = givenUp;
        if (reason == null && wait != null) {
          attempt = null;
        }
      }
      if (reason != null) {
        end(null, reason);
      } else if (wait == null) {
        end(received, failure);
      } else {
        if (failure != null) {
          failures.add(failure);
        }
        queue(wait);
      }
    }
  }
}
