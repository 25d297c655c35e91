// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import dev.fermata.FermataInfo;
import dev.fermata.OwnerKind;
import dev.fermata.Strategy;
import java.nio.file.Path;
import java.security.CodeSource;
import org.apache.flink.agents.api.AgentsExecutionEnvironment;
import org.apache.flink.agents.api.agents.AgentExecutionOptions;
import org.apache.flink.agents.runtime.async.ContinuationActionExecutor;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.streaming.api.datastream.DataStream;

/**
 * {@link TriageAgent} in the operator of Flink Agents, in one subtask. The executor of its actions
 * is the one that comes first on the class path: Fermata's, if the drop-in is there, or upstream's.
 */
final class AgentEngine extends FlinkEngine {
  private static final String DROP_IN = "fermata-flink-agents-";

  private final Endpoint endpoint;
  private final NearestPrototype judge;
  private final int inFlight;
  private final String executor = jarOf(ContinuationActionExecutor.class);

  /**
   * @param inFlight most calls at once
   */
  AgentEngine(Endpoint endpoint, NearestPrototype judge, int inFlight) {
    super(1);
    this.endpoint = endpoint;
    this.judge = judge;
    this.inFlight = inFlight;
  }

  private static String jarOf(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    return Path.of(source.getLocation().getPath()).getFileName().toString();
  }

  private boolean hasDropIn() {
    return executor.startsWith(DROP_IN);
  }

  @Override
  public String title() {
    return "Flink Agents " + (hasDropIn() ? "with the drop-in" : "by itself");
  }

  /** Upstream's own executor waits in place, which is what inline means. */
  @Override
  public Strategy strategy() throws InputException {
    return hasDropIn() ? Engine.strategy(OwnerKind.MAILBOX) : Strategy.INLINE;
  }

  @Override
  public String reason() {
    return hasDropIn()
        ? "the executor is from "
            + executor
            + "; "
            + FermataInfo.current().reason(OwnerKind.MAILBOX)
        : "the drop-in is NOT in use, the executor is from " + executor;
  }

  @Override
  DataStream<TriagedReview> triage(DataStream<Review> reviews, RunWatch watch) {
    AgentsExecutionEnvironment agents =
        AgentsExecutionEnvironment.getExecutionEnvironment(reviews.getExecutionEnvironment());
    agents.getConfig().set(AgentExecutionOptions.NUM_ASYNC_THREADS, inFlight);
    return agents
        .fromDataStream(reviews, (KeySelector<Review, String>) Review::id)
        .apply(new TriageAgent())
        .toDataStream()
        .map(new Leave(endpoint, judge, watch))
        .returns(Types.GENERIC(TriagedReview.class));
  }

  /** Runs in the agent's own task, and is opened before it. */
  private static final class Leave extends RichMapFunction<Object, TriagedReview> {
    private static final long serialVersionUID = 1L;

    private final Endpoint endpoint;
    private final NearestPrototype judge;
    private final RunWatch watch;
    private transient ModelClient model;

    private Leave(Endpoint endpoint, NearestPrototype judge, RunWatch watch) {
      this.endpoint = endpoint;
      this.judge = judge;
      this.watch = watch;
    }

    @Override
    public void open(OpenContext context) {
      CallLog calls = watch.owner(0, Thread.currentThread());
      model = new ModelClient(endpoint);
      TriageAgent.use(new Triage(model, judge, calls));
    }

    @Override
    public void close() {
      if (model != null) {
        model.close();
      }
    }

    @Override
    public TriagedReview map(Object output) {
      watch.reviewDone();
      return (TriagedReview) output;
    }
  }
}
