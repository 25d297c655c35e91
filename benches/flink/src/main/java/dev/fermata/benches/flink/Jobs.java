// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.flink;

import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * Runs jobs of one shape one after another: numbers, all at once, each its own key; a middle that
 * makes one call for each; parallelism 1, a local cluster in this JVM.
 *
 * <pre>... LABEL BACKEND INPUTS/MILLIS/THREADS...   a job each; 300 inputs warm up before</pre>
 */
final class Jobs {
  private Jobs() {}

  /** The part of the pipeline that makes the calls; its outputs are its inputs. */
  interface Middle {
    DataStream<Object> apply(
        StreamExecutionEnvironment environment, DataStream<Long> input, int threads);
  }

  /** Runs the jobs that the arguments tell and prints what was measured, behind {@code table}. */
  static void run(String table, String[] args, Middle middle) throws Exception {
    run(args[1], 300, 1, 64, middle);
    for (int i = 2; i < args.length; i++) {
      String[] job = args[i].split("/");
      run(
              args[1],
              Integer.parseInt(job[0]),
              Long.parseLong(job[1]),
              Integer.parseInt(job[2]),
              middle)
          .print(String.join("\t", table, args[0], args[1], args[i]));
    }
    System.exit(0);
  }

  private static Measurement run(
      String backend, int inputs, long callMillis, int threads, Middle middle) throws Exception {
    Measurement measurement = Measurement.begin(inputs, callMillis);
    Configuration configuration = new Configuration();
    configuration.setString("state.backend.type", backend);
    configuration.setString("restart-strategy.type", "none");
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createLocalEnvironment(1, configuration);
    DataGeneratorSource<Long> numbers =
        new DataGeneratorSource<>(number -> number, inputs, RateLimiterStrategy.noOp(), Types.LONG);
    DataStream<Long> input =
        environment
            .fromSource(numbers, WatermarkStrategy.noWatermarks(), "numbers")
            .map(
                number -> {
                  Measurement.current().enter(number.intValue());
                  return number;
                })
            .returns(Types.LONG);
    middle
        .apply(environment, input, threads)
        .map(new Leave())
        .returns(Types.LONG)
        .sinkTo(new DiscardingSink<>());
    environment.executeAsync().getJobExecutionResult().get(10, TimeUnit.MINUTES);
    return measurement;
  }

  private static final class Leave extends RichMapFunction<Object, Long> {
    private static final long serialVersionUID = 1L;

    @Override
    public void open(OpenContext context) {
      Measurement.current().mailbox();
    }

    @Override
    public Long map(Object output) {
      Measurement.current().leave(((Long) output).intValue());
      return (Long) output;
    }
  }
}
