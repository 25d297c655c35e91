// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink;

import dev.fermata.flink.internal.DurableOperatorFactory;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.TypeExtractor;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;

/** The way into Fermata for programs that use Flink's DataStream API. */
public final class Fermata {
  private static final String NAME = "Fermata";

  private Fermata() {}

  /**
   * Runs a function for each element of a keyed stream, with the defaults of {@link
   * FermataOptions}.
   *
   * @param stream the elements
   * @param function the code, may wait; its output type is extracted from its class
   * @param <K> type of the keys
   * @param <IN> type of the elements
   * @param <OUT> type of the output
   * @return the output
   */
  public static <K, IN, OUT> SingleOutputStreamOperator<OUT> process(
      KeyedStream<IN, K> stream, DurableFunction<K, IN, OUT> function) {
    return process(stream, function, DurableOptions.create());
  }

  /**
   * Runs a function for each element of a keyed stream.
   *
   * @param stream the elements
   * @param function the code, may wait; its output type is extracted from its class
   * @param options what differs from the job's configuration
   * @param <K> type of the keys
   * @param <IN> type of the elements
   * @param <OUT> type of the output
   * @return the output
   * @throws IllegalArgumentException if an option is out of its range; the message names it
   * @throws org.apache.flink.api.common.functions.InvalidTypesException if the output type cannot
   *     be extracted (of a lambda it often cannot): give it with {@link #process(KeyedStream,
   *     DurableFunction, TypeInformation, DurableOptions)}
   */
  public static <K, IN, OUT> SingleOutputStreamOperator<OUT> process(
      KeyedStream<IN, K> stream, DurableFunction<K, IN, OUT> function, DurableOptions<IN> options) {
    TypeInformation<OUT> outputType =
        TypeExtractor.getUnaryOperatorReturnType(
            function,
            DurableFunction.class,
            1,
            2,
            TypeExtractor.NO_INDEX,
            stream.getType(),
            NAME,
            false);
    return process(stream, function, outputType, options);
  }

  /**
   * Runs a function for each element of a keyed stream, with an output type that is given.
   *
   * @param stream the elements
   * @param function the code, may wait
   * @param outputType type of the output
   * @param options what differs from the job's configuration
   * @param <K> type of the keys
   * @param <IN> type of the elements
   * @param <OUT> type of the output
   * @return the output
   * @throws IllegalArgumentException if an option is out of its range; the message names it
   */
  public static <K, IN, OUT> SingleOutputStreamOperator<OUT> process(
      KeyedStream<IN, K> stream,
      DurableFunction<K, IN, OUT> function,
      TypeInformation<OUT> outputType,
      DurableOptions<IN> options) {
    return stream.transform(
        NAME,
        outputType,
        new DurableOperatorFactory<>(
            stream.getExecutionEnvironment().clean(function),
            options.resolve(stream.getExecutionEnvironment().getConfiguration())));
  }
}
