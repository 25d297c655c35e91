// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.internal;

import dev.fermata.flink.DurableFunction;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.ChainingStrategy;
import org.apache.flink.streaming.api.operators.OneInputStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;

/**
 * Makes the operator of each subtask. Travels with the job graph.
 *
 * @param <K> type of the keys
 * @param <IN> type of the elements
 * @param <OUT> type of the output
 */
public final class DurableOperatorFactory<K, IN, OUT> extends AbstractStreamOperatorFactory<OUT>
    implements OneInputStreamOperatorFactory<IN, OUT> {
  private static final long serialVersionUID = 1L;

  private final DurableFunction<K, IN, OUT> function;
  private final OperatorOptions<IN> options;

  /**
   * Creates a factory.
   *
   * @param function of the user, serializable
   * @param options of the operator
   */
  public DurableOperatorFactory(DurableFunction<K, IN, OUT> function, OperatorOptions<IN> options) {
    this.function = function;
    this.options = options;
    // Behind a legacy source a chained operator is called under that source's lock: no place to
    // suspend.
    chainingStrategy = ChainingStrategy.HEAD;
  }

  @Override
  @SuppressWarnings("unchecked")
  public <T extends StreamOperator<OUT>> T createStreamOperator(
      StreamOperatorParameters<OUT> parameters) {
    return (T) new DurableOperator<>(parameters, processingTimeService, function, options);
  }

  @Override
  @SuppressWarnings("rawtypes")
  public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
    return DurableOperator.class;
  }
}
