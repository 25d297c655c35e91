// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * What a model said to one call: the value, or that it is busy for a while. Immutable.
 *
 * <p>Being busy is an answer and no exception, so that an engine which records calls has it in its
 * record: after a failure the triage then pauses as it did before.
 */
final class Answer<T> {
  private final T value;
  private final Duration pause;

  private Answer(T value, Duration pause) {
    this.value = value;
    this.pause = pause;
  }

  static <T> Answer<T> of(T value) {
    return new Answer<>(value, null);
  }

  static <T> Answer<T> busy(Duration pause) {
    return new Answer<>(null, pause);
  }

  /** The answer to a request; that fails if there is none and asking again is of no use. */
  static <T> CompletableFuture<Answer<T>> to(CompletableFuture<T> request) {
    return request.handle(
        (value, failure) -> failure == null ? of(value) : busy(pauseAfter(failure)));
  }

  private static Duration pauseAfter(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return Optional.of(cause)
        .filter(ModelException.class::isInstance)
        .flatMap(refused -> ((ModelException) refused).retryAfter())
        .orElseThrow(() -> new CompletionException(cause));
  }

  /** How long to wait before asking again; empty if there is a value. */
  Optional<Duration> pause() {
    return Optional.ofNullable(pause);
  }

  /** Null if the model is busy. */
  T value() {
    return value;
  }
}
