// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.examples.triage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.flink.agents.api.Event;
import org.apache.flink.agents.api.InputEvent;
import org.apache.flink.agents.api.OutputEvent;
import org.apache.flink.agents.api.agents.Agent;
import org.apache.flink.agents.api.annotation.Action;
import org.apache.flink.agents.api.context.DurableCallable;
import org.apache.flink.agents.api.context.RunnerContext;
import org.apache.flink.util.ExceptionUtils;

/**
 * The triage as an agent: a review comes in, what became of it goes out. Whether other reviews go
 * on while an action waits is the executor's business, which the class path chooses.
 *
 * <p>Actions are static methods; one job at a time runs in this JVM, with the triage that it was
 * given.
 */
public final class TriageAgent extends Agent {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PAUSE = "pauseMillis";
  private static final String VALUE = "value";

  private static volatile Triage triage;

  /** The triage that actions begin from now on. */
  static void use(Triage ofJob) {
    triage = ofJob;
  }

  /**
   * Triages one review.
   *
   * @param event holds the review
   * @param context makes the calls to models
   */
  @Action(listenEvents = {InputEvent.class})
  public static void triage(Event event, RunnerContext context) {
    Review review = (Review) ((InputEvent) event).getInput();
    context.sendEvent(new OutputEvent(triage.triage(new AgentScope(context), review)));
  }

  private static final class AgentScope implements TriageScope {
    private final RunnerContext context;

    private AgentScope(RunnerContext context) {
      this.context = context;
    }

    /** What an agent calls is blocking code: a thread of the executor waits for the answer. */
    @Override
    public <T> Answer<T> call(
        String name, Class<T> type, Supplier<CompletableFuture<Answer<T>>> call) {
      JsonNode recorded =
          execute(name, JsonNode.class, () -> recorded(BlockingScope.await(call.get())));
      return recorded.has(PAUSE)
          ? Answer.busy(Duration.ofMillis(recorded.get(PAUSE).asLong()))
          : Answer.of(JSON.convertValue(recorded.get(VALUE), type));
    }

    /** Results of calls are kept as JSON. */
    private static JsonNode recorded(Answer<?> answer) {
      ObjectNode recorded = JSON.createObjectNode();
      return answer.pause().isPresent()
          ? recorded.put(PAUSE, answer.pause().get().toMillis())
          : recorded.set(VALUE, JSON.valueToTree(answer.value()));
    }

    /** There is no timer for agents: a thread of the executor waits. */
    @Override
    public void sleep(Duration duration) {
      execute(
          "sleep",
          Void.class,
          () -> {
            TimeUnit.NANOSECONDS.sleep(duration.toNanos());
            return null;
          });
    }

    private <R> R execute(String name, Class<R> type, Callable<R> code) {
      try {
        return context.durableExecuteAsync(new NamedCall<>(name, type, code));
      } catch (Exception e) {
        throw ExceptionUtils.findThrowable(e, ModelException.class)
            .orElseGet(() -> new ModelException("the call " + name + " failed: " + e, e));
      }
    }
  }

  private static final class NamedCall<R> implements DurableCallable<R> {
    private final String name;
    private final Class<R> type;
    private final Callable<R> code;

    private NamedCall(String name, Class<R> type, Callable<R> code) {
      this.name = name;
      this.type = type;
      this.code = code;
    }

    @Override
    public String getId() {
      return name;
    }

    @Override
    public Class<R> getResultClass() {
      return type;
    }

    @Override
    public R call() throws Exception {
      return code.call();
    }
  }
}
