// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Notes when the model calls of one owner's actions began and ended, on whatever threads that is,
 * and how many were answered without being made.
 */
final class CallLog {
  private final Queue<ModelCall> calls = new ConcurrentLinkedQueue<>();
  private final AtomicInteger made = new AtomicInteger();
  private final AtomicInteger answered = new AtomicInteger();
  private final int owner;

  /**
   * @param owner index of the owner among those of the run
   */
  CallLog(int owner) {
    this.owner = owner;
  }

  /**
   * The same call, which is noted once it has ended, with an answer or without.
   *
   * @param review index of the text it is made for
   */
  <T> Supplier<CompletableFuture<T>> noted(
      ModelCall.Kind kind, int review, Supplier<CompletableFuture<T>> call) {
    return () -> {
      made.incrementAndGet();
      long start = System.nanoTime();
      return call.get()
          .whenComplete(
              (value, failure) ->
                  calls.add(new ModelCall(kind, review, owner, start, System.nanoTime())));
    };
  }

  /** What an action is answered that asks for a call. */
  <T> T asked(Supplier<T> question) {
    try {
      return question.get();
    } finally {
      answered.incrementAndGet();
    }
  }

  /** How many answers came without a call, from a record; of use when no call is under way. */
  int replayed() {
    return answered.get() - made.get();
  }

  /** The calls that have ended, in the order in which they began. */
  List<ModelCall> calls() {
    List<ModelCall> ordered = new ArrayList<>(calls);
    ordered.sort(Comparator.comparingLong(ModelCall::start));
    return ordered;
  }
}
