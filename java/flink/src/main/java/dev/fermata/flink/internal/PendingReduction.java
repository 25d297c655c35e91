// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import java.util.Objects;
import org.apache.flink.api.common.functions.ReduceFunction;
import org.apache.flink.api.common.state.ReducingState;

/** One element's view of what values were reduced to, which is kept as a value. */
final class PendingReduction<T> implements ReducingState<T>, PendingWrites.Write {
  private final PendingValue<T> reduced;
  private final ReduceFunction<T> function;

  PendingReduction(PendingValue<T> reduced, ReduceFunction<T> function) {
    this.reduced = reduced;
    this.function = function;
  }

  @Override
  public T get() throws Exception {
    return reduced.value();
  }

  @Override
  public void add(T value) throws Exception {
    T before = reduced.value();
    Objects.requireNonNull(value, "value");
    reduced.update(before == null ? value : function.reduce(before, value));
  }

  @Override
  public void clear() {
    reduced.clear();
  }

  @Override
  public void apply() throws Exception {
    reduced.apply();
  }
}
