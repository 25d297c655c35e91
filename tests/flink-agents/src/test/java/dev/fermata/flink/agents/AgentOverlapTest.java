// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.flink.agents.api.Event;
import org.apache.flink.agents.api.InputEvent;
import org.apache.flink.agents.api.OutputEvent;
import org.apache.flink.agents.api.agents.Agent;
import org.apache.flink.agents.api.annotation.Action;
import org.apache.flink.agents.api.context.RunnerContext;
import org.apache.flink.core.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;

/** Calls of different keys, and of different actions of a key, are under way at the same time. */
class AgentOverlapTest {
  private static final int EVENTS = 20;

  @ParameterizedTest
  @ValueSource(strings = {"hashmap", "rocksdb"})
  void callsOverlapAndMemoryIsKept(String backend) throws Exception {
    Calls.reset(EVENTS);

    List<String> outputs = new AgentJob(new AskingAgent(), EVENTS).on(backend).run();

    assertThat(outputs).containsExactlyInAnyOrderElementsOf(expected(EVENTS));
    assertThat(Calls.mostInFlight()).isEqualTo(EVENTS);
  }

  @Test
  void theOperatorIsToldInsteadOfAsking() throws Exception {
    Calls.reset(EVENTS);

    new AgentJob(new AskingAgent(), EVENTS).on("hashmap").run();

    assertThat(CapturedMetrics.value("polls")).isEqualTo(0L);
    assertThat(CapturedMetrics.value("suspendedActions")).isEqualTo(0L);
  }

  @Test
  void nothingOverlapsWithoutFermata() throws Exception {
    String output = new AgentProcess().without("fermata-flink-agents").run();

    assertThat(output).contains("most in flight: 1", "outputs: 5").doesNotContain("Fermata");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hashmap", "rocksdb"})
  void actionsOfOneEventOverlap(String backend) throws Exception {
    Calls.reset(2 * EVENTS);

    List<String> outputs = new AgentJob(new TwoActionsAgent(), EVENTS).on(backend).run();

    assertThat(outputs).hasSize(2 * EVENTS).doesNotHaveDuplicates();
    assertThat(Calls.mostInFlight()).isEqualTo(2 * EVENTS);
  }

  @Test
  void anActionMakesSeveralCallsAndCausesOtherActions() throws Exception {
    Calls.reset(0);

    List<String> outputs = new AgentJob(new ChainAgent(), EVENTS).on("hashmap").run();

    assertThat(outputs).hasSize(EVENTS).allMatch(output -> output.equals("3 calls, 1 more, 1"));
    assertThat(Calls.begun()).isEqualTo(4 * EVENTS);
  }

  @Test
  void hundredsOfCallsAreUnderWayAtOnce() throws Exception {
    int many = 400;
    Calls.reset(many);

    List<String> outputs = new AgentJob(new AskingAgent(), many).threads(many).on("hashmap").run();

    assertThat(outputs).hasSize(many);
    assertThat(Calls.mostInFlight()).isEqualTo(many);
  }

  @Test
  void whatSurroundsAnActionIsTheSameAfterACall() throws Exception {
    Calls.reset(EVENTS);

    List<String> outputs = new AgentJob(new LookingAgent(), EVENTS).on("hashmap").run();

    assertThat(outputs)
        .hasSize(EVENTS)
        .containsOnly("SafetyNetWrapperClassLoader, SafetyNetWrapperFileSystem, MDC");
  }

  static List<String> expected(int events) {
    return LongStream.range(0, events).mapToObj(AskingAgent::output).collect(Collectors.toList());
  }

  /** Two actions for one event. */
  public static class TwoActionsAgent extends Agent {
    @Action(listenEvents = {InputEvent.class})
    public static void first(Event event, RunnerContext context) throws Exception {
      answer("first", event, context);
    }

    @Action(listenEvents = {InputEvent.class})
    public static void second(Event event, RunnerContext context) throws Exception {
      answer("second", event, context);
    }

    private static void answer(String name, Event event, RunnerContext context) throws Exception {
      Object input = ((InputEvent) event).getInput();
      context.sendEvent(new OutputEvent(name + Calls.answer(context, input.toString())));
    }
  }

  /** Looks at what belongs to its thread. */
  public static class LookingAgent extends Agent {
    @Action(listenEvents = {InputEvent.class})
    public static void look(Event event, RunnerContext context) throws Exception {
      String input = ((InputEvent) event).getInput().toString();
      ClassLoader before = Thread.currentThread().getContextClassLoader();
      MDC.put("input", input);

      Calls.answer(context, input);

      ClassLoader after = Thread.currentThread().getContextClassLoader();
      String files = FileSystem.get(Path.of("/").toUri()).getClass().getSimpleName();
      context.sendEvent(
          new OutputEvent(
              (after == before ? after.getClass().getSimpleName() : after + " for " + before)
                  + ", "
                  + files
                  + (input.equals(MDC.get("input")) ? ", MDC" : ", MDC " + MDC.get("input"))));
      MDC.remove("input");
    }
  }

  /** An action with three calls, and one that it causes. */
  public static class ChainAgent extends Agent {
    @Action(listenEvents = {InputEvent.class})
    public static void begin(Event event, RunnerContext context) throws Exception {
      for (int i = 1; i <= 3; i++) {
        Calls.answer(context, "call " + i);
        context.getShortTermMemory().set("calls", i);
      }
      context.sendEvent(new Next());
    }

    @Action(listenEvents = {Next.class})
    public static void end(Event event, RunnerContext context) throws Exception {
      Calls.answer(context, "the other action");
      Object calls = context.getShortTermMemory().get("calls").getValue();
      context.sendEvent(new OutputEvent(calls + " calls, 1 more, 1"));
    }
  }

  /** Causes the second action. */
  public static class Next extends Event {}
}
