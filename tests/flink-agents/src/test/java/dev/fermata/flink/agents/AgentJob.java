// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.flink.agents.api.AgentsExecutionEnvironment;
import org.apache.flink.agents.api.agents.Agent;
import org.apache.flink.agents.api.agents.AgentExecutionOptions;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * A job with one agent, of parallelism 1, on a local cluster in this JVM; one at a time. Its inputs
 * are the numbers from 0 on, each of which is its own key.
 */
final class AgentJob {
  private static final BlockingQueue<String> OUTPUTS = new LinkedBlockingQueue<>();
  private static final Semaphore CHECKPOINTS = new Semaphore(0);

  private final Agent agent;
  private final int inputs;
  private final Configuration configuration = new Configuration();
  private final Map<String, String> agentOptions = new HashMap<>();
  private int threads = 64;

  AgentJob(Agent agent, int inputs) {
    this.agent = agent;
    this.inputs = inputs;
    set("metrics.reporters", "captured");
    set("metrics.reporter.captured.factory.class", CapturedMetrics.class.getName());
    set("restart-strategy.type", "none");
  }

  AgentJob on(String backend) {
    return set("state.backend.type", backend);
  }

  /** Gives the job an id, by which another JVM goes on with it. */
  AgentJob id(String job) {
    return set("$internal.pipeline.job-id", job);
  }

  AgentJob threads(int number) {
    threads = number;
    return this;
  }

  /** Sets an option of the agent's configuration, which is not Flink's. */
  AgentJob with(String agentOption, String value) {
    agentOptions.put(agentOption, value);
    return this;
  }

  AgentJob restarts(int number) {
    set("restart-strategy.type", "fixed-delay");
    set("restart-strategy.fixed-delay.attempts", String.valueOf(number));
    return set("restart-strategy.fixed-delay.delay", "10 ms");
  }

  private AgentJob set(String option, String value) {
    configuration.setString(option, value);
    return this;
  }

  /** Runs the job to its end and returns its outputs. */
  List<String> run() throws Exception {
    start(inputs).getJobExecutionResult().get(90, TimeUnit.SECONDS);
    return new ArrayList<>(OUTPUTS);
  }

  /** Starts the job with a source that stays open after the last input. */
  JobClient start() throws Exception {
    return start(Long.MAX_VALUE);
  }

  private JobClient start(long count) throws Exception {
    OUTPUTS.clear();
    return start(StreamExecutionEnvironment.createLocalEnvironment(1, configuration), count);
  }

  /** Runs the job to its end on another cluster, where its outputs stay. */
  void runOn(StreamExecutionEnvironment environment) throws Exception {
    start(environment.setParallelism(1), inputs).getJobExecutionResult().get(90, TimeUnit.SECONDS);
  }

  private JobClient start(StreamExecutionEnvironment environment, long count) throws Exception {
    AgentsExecutionEnvironment agents =
        AgentsExecutionEnvironment.getExecutionEnvironment(environment);
    agents.getConfig().set(AgentExecutionOptions.NUM_ASYNC_THREADS, threads);
    agentOptions.forEach(agents.getConfig()::setStr);
    DataGeneratorSource<Long> numbers =
        new DataGeneratorSource<>(
            number -> number, count, RateLimiterStrategy.perSecond(2000), Types.LONG);
    long end = inputs;
    DataStream<Long> input =
        environment
            .fromSource(numbers, WatermarkStrategy.noWatermarks(), "numbers")
            .filter(number -> number < end);
    agents
        .fromDataStream(input, (KeySelector<Long, Long>) number -> number)
        .apply(agent)
        .toDataStream()
        .map(new Keep())
        .returns(Types.STRING)
        .sinkTo(new DiscardingSink<>());
    return environment.executeAsync();
  }

  /**
   * Runs the job with a checkpoint while all its calls wait, then lets them go.
   *
   * @param calls what the calls wait for, one for each input
   * @return its outputs, one for each input
   */
  List<String> runThroughCheckpoint(CountDownLatch calls) throws Exception {
    JobClient job = startThroughCheckpoint(calls);
    List<String> taken = takeOutputs(inputs);
    job.cancel().get();
    return taken;
  }

  /**
   * As {@link #runThroughCheckpoint(CountDownLatch)}, for a job that gives outputs again.
   *
   * @param calls what the calls wait for, one for each input
   * @param outputs how many different ones are awaited
   * @return its outputs, each once
   */
  List<String> runThroughCheckpoint(CountDownLatch calls, int outputs) throws Exception {
    JobClient job = startThroughCheckpoint(calls);
    Set<String> taken = new LinkedHashSet<>();
    while (taken.size() < outputs) {
      taken.addAll(takeOutputs(1));
    }
    job.cancel().get();
    return new ArrayList<>(taken);
  }

  private JobClient startThroughCheckpoint(CountDownLatch calls) throws Exception {
    set("execution.checkpointing.interval", "20 ms");
    Calls.reset(inputs);
    JobClient job = start();
    Calls.awaitBegun();
    awaitCheckpoint();
    calls.countDown();
    return job;
  }

  /** Takes so many outputs of the running job. */
  static List<String> takeOutputs(int number) throws InterruptedException {
    List<String> taken = new ArrayList<>();
    while (taken.size() < number) {
      String output = OUTPUTS.poll(60, TimeUnit.SECONDS);
      if (output == null) {
        throw new IllegalStateException("no further output after " + taken);
      }
      taken.add(output);
    }
    return taken;
  }

  static void await(CountDownLatch latch) throws InterruptedException {
    if (!latch.await(60, TimeUnit.SECONDS)) {
      throw new IllegalStateException(latch.getCount() + " are missing");
    }
  }

  /** Waits for a checkpoint that begins after this call. */
  private static void awaitCheckpoint() throws InterruptedException {
    CHECKPOINTS.drainPermits();
    // The first one may have begun before.
    if (!CHECKPOINTS.tryAcquire(2, 60, TimeUnit.SECONDS)) {
      throw new IllegalStateException("no checkpoint completed");
    }
  }

  private static final class Keep extends RichMapFunction<Object, String>
      implements CheckpointListener {
    private static final long serialVersionUID = 1L;

    @Override
    public String map(Object output) {
      OUTPUTS.add(output.toString());
      return output.toString();
    }

    @Override
    public void notifyCheckpointComplete(long checkpoint) {
      CHECKPOINTS.release();
    }
  }
}
