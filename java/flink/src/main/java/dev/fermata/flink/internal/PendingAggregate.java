// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import java.util.Objects;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.state.AggregatingState;

/** One element's view of an aggregate, whose accumulator is kept as a value. */
final class PendingAggregate<IN, ACC, OUT>
    implements AggregatingState<IN, OUT>, PendingWrites.Write {
  private final PendingValue<ACC> accumulator;
  private final AggregateFunction<IN, ACC, OUT> function;

  PendingAggregate(PendingValue<ACC> accumulator, AggregateFunction<IN, ACC, OUT> function) {
    this.accumulator = accumulator;
    this.function = function;
  }

  @Override
  public OUT get() throws Exception {
    ACC current = accumulator.value();
    return current == null ? null : function.getResult(current);
  }

  @Override
  public void add(IN value) throws Exception {
    ACC before = accumulator.value();
    Objects.requireNonNull(value, "value");
    accumulator.update(function.add(value, before == null ? function.createAccumulator() : before));
  }

  @Override
  public void clear() {
    accumulator.clear();
  }

  @Override
  public void apply() throws Exception {
    accumulator.apply();
  }
}
