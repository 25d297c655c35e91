// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.flink;

import java.util.concurrent.TimeUnit;
import org.apache.flink.agents.api.AgentsExecutionEnvironment;
import org.apache.flink.agents.api.Event;
import org.apache.flink.agents.api.InputEvent;
import org.apache.flink.agents.api.OutputEvent;
import org.apache.flink.agents.api.agents.Agent;
import org.apache.flink.agents.api.agents.AgentExecutionOptions;
import org.apache.flink.agents.api.annotation.Action;
import org.apache.flink.agents.api.context.DurableCallable;
import org.apache.flink.agents.api.context.RunnerContext;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * Jobs of one Flink Agents agent with one call for each input, on the executor that the class path
 * gives it: one operator, parallelism 1, a local cluster in this JVM. Each input has a key of its
 * own, and all come at once.
 *
 * <pre>AgentJobs LABEL BACKEND INPUTS/MILLIS/THREADS...   a job each; 300 inputs warm up before</pre>
 */
public final class AgentJobs {
  private AgentJobs() {}

  /**
   * Runs the jobs and prints what was measured.
   *
   * @param args label of the executor, state backend, and for each job the number of inputs, how
   *     long a call takes and the number of threads
   * @throws Exception if a job fails
   */
  public static void main(String[] args) throws Exception {
    run(args[1], 300, 1, 64);
    for (int i = 2; i < args.length; i++) {
      String[] job = args[i].split("/");
      Measurement measured =
          run(
              args[1],
              Integer.parseInt(job[0]),
              Long.parseLong(job[1]),
              Integer.parseInt(job[2]));
      measured.print(String.join("\t", "agents", args[0], args[1], args[i]));
    }
    System.exit(0);
  }

  private static Measurement run(String backend, int inputs, long callMillis, int threads)
      throws Exception {
    Measurement measurement = Measurement.begin(inputs, callMillis);
    Configuration configuration = new Configuration();
    configuration.setString("state.backend.type", backend);
    configuration.setString("restart-strategy.type", "none");
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createLocalEnvironment(1, configuration);
    AgentsExecutionEnvironment agents =
        AgentsExecutionEnvironment.getExecutionEnvironment(environment);
    agents.getConfig().set(AgentExecutionOptions.NUM_ASYNC_THREADS, threads);
    DataGeneratorSource<Long> numbers =
        new DataGeneratorSource<>(
            number -> number, inputs, RateLimiterStrategy.noOp(), Types.LONG);
    DataStream<Long> input =
        environment
            .fromSource(numbers, WatermarkStrategy.noWatermarks(), "numbers")
            .map(
                number -> {
                  Measurement.current().enter(number.intValue());
                  return number;
                })
            .returns(Types.LONG);
    agents
        .fromDataStream(input, (KeySelector<Long, Long>) number -> number)
        .apply(new CallingAgent())
        .toDataStream()
        .map(new Leave())
        .returns(Types.LONG)
        .sinkTo(new DiscardingSink<>());
    environment.executeAsync().getJobExecutionResult().get(10, TimeUnit.MINUTES);
    return measurement;
  }

  /** Makes one call for each input. */
  public static final class CallingAgent extends Agent {
    /**
     * Answers an input with itself.
     *
     * @param event the input
     * @param context of the action
     * @throws Exception if the call fails
     */
    @Action(listenEvents = {InputEvent.class})
    public static void ask(Event event, RunnerContext context) throws Exception {
      Object input = ((InputEvent) event).getInput();
      context.durableExecuteAsync(new Call());
      context.sendEvent(new OutputEvent(input));
    }
  }

  private static final class Call implements DurableCallable<Boolean> {
    @Override
    public String getId() {
      return "call";
    }

    @Override
    public Class<Boolean> getResultClass() {
      return Boolean.class;
    }

    @Override
    public Boolean call() throws Exception {
      Measurement.current().call();
      return true;
    }
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
