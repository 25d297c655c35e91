// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.benches.flink;

import org.apache.flink.agents.api.AgentsExecutionEnvironment;
import org.apache.flink.agents.api.Event;
import org.apache.flink.agents.api.InputEvent;
import org.apache.flink.agents.api.OutputEvent;
import org.apache.flink.agents.api.agents.Agent;
import org.apache.flink.agents.api.agents.AgentExecutionOptions;
import org.apache.flink.agents.api.annotation.Action;
import org.apache.flink.agents.api.context.DurableCallable;
import org.apache.flink.agents.api.context.RunnerContext;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * Jobs of one Flink Agents agent with one call for each input, on the executor that the class path
 * gives it.
 */
public final class AgentJobs {
  private AgentJobs() {}

  /**
   * Runs the jobs and prints what was measured.
   *
   * @param args label of the executor, and more as {@link Jobs} says
   * @throws Exception if a job fails
   */
  public static void main(String[] args) throws Exception {
    Jobs.run("agents", args, AgentJobs::agent);
  }

  private static DataStream<Object> agent(
      StreamExecutionEnvironment environment, DataStream<Long> input, int threads) {
    AgentsExecutionEnvironment agents =
        AgentsExecutionEnvironment.getExecutionEnvironment(environment);
    agents.getConfig().set(AgentExecutionOptions.NUM_ASYNC_THREADS, threads);
    return agents
        .fromDataStream(input, (KeySelector<Long, Long>) number -> number)
        .apply(new CallingAgent())
        .toDataStream();
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
}
