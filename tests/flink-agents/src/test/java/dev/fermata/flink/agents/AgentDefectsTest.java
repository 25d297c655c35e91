// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.agents.api.Event;
import org.apache.flink.agents.api.InputEvent;
import org.apache.flink.agents.api.OutputEvent;
import org.apache.flink.agents.api.agents.Agent;
import org.apache.flink.agents.api.annotation.Action;
import org.apache.flink.agents.api.context.RunnerContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong with upstream's own asynchronous executor; see java/flink-agents/README.md. */
class AgentDefectsTest {
  private static final int EVENTS = 20;

  @ParameterizedTest
  @ValueSource(strings = {"hashmap", "rocksdb"})
  void actionsForEventsWithoutEqualsDoNotStartOver(String backend) throws Exception {
    UnequalEventAgent.answer = new CountDownLatch(1);

    // What HashMap keeps is copied when it is read after a checkpoint.
    List<String> outputs =
        new AgentJob(new UnequalEventAgent(), EVENTS)
            .on(backend)
            .runThroughCheckpoint(UnequalEventAgent.answer);

    assertThat(outputs).containsExactlyInAnyOrderElementsOf(numbers());
    assertThat(Calls.begun()).isEqualTo(EVENTS);
  }

  @Test
  void eventsThatWereSentBeforeACallLeaveUnderTheirOwnKey() throws Exception {
    Calls.reset(EVENTS);

    List<String> outputs = new AgentJob(new EarlyEventAgent(), EVENTS).on("hashmap").run();

    assertThat(Calls.mostInFlight()).isEqualTo(EVENTS);
    assertThat(outputs).containsExactlyInAnyOrderElementsOf(numbers());
  }

  @Test
  void monitorsAreHeldAcrossCalls() throws Exception {
    Calls.reset(0);

    List<String> outputs = new AgentJob(new SynchronizedAgent(), EVENTS).on("hashmap").run();

    assertThat(outputs).hasSize(EVENTS).containsOnly("1 inside");
  }

  private static List<String> numbers() {
    return IntStream.range(0, EVENTS).mapToObj(String::valueOf).collect(Collectors.toList());
  }

  /** Compares by identity, and so do the events that carry it. */
  public static class Question {
    public long number;

    /** For Flink's serializer. */
    public Question() {}

    Question(long number) {
      this.number = number;
    }
  }

  /** Carries a {@link Question}. */
  public static class Asked extends Event {
    Asked(long number) {
      setAttr("question", new Question(number));
    }

    /** For Flink's serializer. */
    public Asked() {}

    long number() {
      return ((Question) getAttr("question")).number;
    }
  }

  /** Makes a call for an event that is equal to no copy of it. */
  public static class UnequalEventAgent extends Agent {
    static volatile CountDownLatch answer;

    @Action(listenEvents = {InputEvent.class})
    public static void begin(Event event, RunnerContext context) {
      context.sendEvent(new Asked((Long) ((InputEvent) event).getInput()));
    }

    @Action(listenEvents = {Asked.class})
    public static void ask(Event event, RunnerContext context) throws Exception {
      long number = ((Asked) event).number();
      context.getShortTermMemory().set("number", number);
      Calls.call(
          context,
          () -> {
            Calls.begin();
            AgentJob.await(answer);
            return "";
          });
      context.sendEvent(
          new OutputEvent(context.getShortTermMemory().get("number").getValue().toString()));
    }
  }

  /** Sends an event, then makes a call. */
  public static class EarlyEventAgent extends Agent {
    @Action(listenEvents = {InputEvent.class})
    public static void ask(Event event, RunnerContext context) throws Exception {
      Object number = ((InputEvent) event).getInput();
      context.getShortTermMemory().set("number", number);
      context.sendEvent(new Asked((Long) number));
      Calls.answer(context, number.toString());
    }

    @Action(listenEvents = {Asked.class})
    public static void end(Event event, RunnerContext context) throws Exception {
      Object key = context.getShortTermMemory().get("number").getValue();
      assertThat(((Asked) event).number()).isEqualTo(key);
      context.sendEvent(new OutputEvent(key.toString()));
    }
  }

  /** Makes its call in a synchronized block. */
  public static class SynchronizedAgent extends Agent {
    private static final Object LOCK = new Object();
    private static final AtomicInteger INSIDE = new AtomicInteger();

    @Action(listenEvents = {InputEvent.class})
    public static void ask(Event event, RunnerContext context) throws Exception {
      int inside;
      synchronized (LOCK) {
        inside = INSIDE.incrementAndGet();
        Calls.answer(context, "");
        INSIDE.decrementAndGet();
      }
      context.sendEvent(new OutputEvent(inside + " inside"));
    }
  }
}
