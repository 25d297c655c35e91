// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Calls that the test lets return one by one, and a record of which were made. */
final class Gates {
  final List<String> made = new CopyOnWriteArrayList<>();
  private final Map<String, CompletableFuture<String>> answers = new ConcurrentHashMap<>();
  private final Map<String, CompletableFuture<Void>> begun = new ConcurrentHashMap<>();

  /** A call that returns once the gate of this name is opened. */
  Callable<String> call(String name) {
    return () -> {
      made.add(name);
      begun(name).complete(null);
      try {
        return answer(name).get();
      } catch (ExecutionException failed) {
        throw (Exception) failed.getCause();
      }
    };
  }

  /** A call that begins without blocking and is done once the gate of this name is opened. */
  Supplier<CompletableFuture<String>> stage(String name) {
    return () -> {
      made.add(name);
      begun(name).complete(null);
      return answer(name).copy();
    };
  }

  Gates open(String name) {
    return open(name, name);
  }

  Gates open(String name, String answer) {
    answer(name).complete(answer);
    return this;
  }

  Gates fail(String name, Exception failure) {
    answer(name).completeExceptionally(failure);
    return this;
  }

  Gates awaitBegun(String name) throws Exception {
    begun(name).get(60, TimeUnit.SECONDS);
    return this;
  }

  private CompletableFuture<String> answer(String name) {
    return answers.computeIfAbsent(name, key -> new CompletableFuture<>());
  }

  private CompletableFuture<Void> begun(String name) {
    return begun.computeIfAbsent(name, key -> new CompletableFuture<>());
  }
}
