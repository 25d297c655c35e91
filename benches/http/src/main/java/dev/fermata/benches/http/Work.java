// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.http;

import java.net.URI;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * Calls of one kind that are to be made, by lanes that make one after another, and what came of
 * them. Thread-safe.
 */
final class Work {
  /** What is posted with each. */
  static final byte[] BODY = new byte[2 * 1024];

  private static final long PATIENCE_SECONDS = 120;

  private final URI uri;
  private final boolean streams;
  private final int expected;
  private final int calls;
  private final AtomicInteger left;
  private final AtomicInteger failures = new AtomicInteger();
  private final AtomicReference<String> firstFailure = new AtomicReference<>();
  private final CountDownLatch open;

  private Work(URI uri, boolean streams, int expected, int calls) {
    this.uri = uri;
    this.streams = streams;
    this.expected = expected;
    this.calls = calls;
    left = new AtomicInteger(calls);
    open = new CountDownLatch(calls);
  }

  /** Calls that are answered after so long. */
  static Work answers(String origin, int calls, long millis) {
    return new Work(
        URI.create(origin + "/answer/" + millis), false, AnswerHandler.ANSWER_LENGTH, calls);
  }

  /** Calls that are answered by a stream of events. */
  static Work streams(String origin, int calls, int events, long millis) {
    return new Work(URI.create(origin + "/stream/" + events + "/" + millis), true, events, calls);
  }

  URI uri() {
    return uri;
  }

  /** Whether events are to be counted, and not the bytes of a body. */
  boolean streams() {
    return streams;
  }

  /** Makes one call after another. */
  void asynchronousLane(Supplier<CompletableFuture<Integer>> call) {
    if (take()) {
      call.get()
          .whenComplete(
              (received, failure) -> {
                done(received, failure);
                asynchronousLane(call);
              });
    }
  }

  /** Makes one call after another, each of which blocks the lane. */
  void blockingLane(BlockingCall call) {
    while (take()) {
      Integer received = null;
      Throwable failure = null;
      try {
        received = call.make();
      } catch (Exception failed) {
        failure = failed;
      }
      done(received, failure);
    }
  }

  private boolean take() {
    return left.getAndDecrement() > 0;
  }

  private void done(Integer received, Throwable failure) {
    if (failure != null) {
      fail(failure.toString());
    } else if (received != expected) {
      fail("received " + received + " instead of " + expected);
    }
    open.countDown();
  }

  private void fail(String message) {
    failures.incrementAndGet();
    firstFailure.compareAndSet(null, message);
  }

  /** Waits until all calls are done; those that are not in time have failed. */
  void await() throws InterruptedException {
    if (!open.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      failures.addAndGet((int) open.getCount());
      firstFailure.compareAndSet(null, "no answer within " + PATIENCE_SECONDS + " s");
    }
    if (failures.get() > 0) {
      System.err.printf(
          "%d of %d calls of %s failed, the first: %s%n", failures.get(), calls, uri, firstFailure);
    }
  }

  int failures() {
    return failures.get();
  }

  /** Returns the number of bytes or events that came. */
  interface BlockingCall {
    int make() throws Exception;
  }
}
