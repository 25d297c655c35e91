// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import dev.fermata.ContinuationActionExecutor;
import dev.fermata.ContinuationContext;
import dev.fermata.flink.CallOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/** Calls of blocking code, which hold a worker each. */
final class BlockingCalls<T> extends CallAttempts<T, Callable<? extends T>> {
  BlockingCalls(
      ContinuationActionExecutor executor,
      ContinuationContext action,
      CallOptions options,
      TypeSerializer<T> serializer) {
    super(executor, action, options, serializer);
  }

  @Override
  void make(List<Attempt> attempts) {
    List<Supplier<Void>> suppliers = new ArrayList<>(attempts.size());
    attempts.forEach(attempt -> suppliers.add(() -> run(attempt)));
    if (options.deadline() == null) {
      executor.gather(action, suppliers);
    } else {
      executor.gather(action, suppliers, options.deadline());
    }
  }

  /** On a worker. */
  private Void run(Attempt attempt) {
    try {
      attempt.returned(attempt.call().call());
    } catch (Exception failure) {
      attempt.threw(failure);
    }
    return null;
  }
}
