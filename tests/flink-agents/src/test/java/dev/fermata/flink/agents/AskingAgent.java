// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import org.apache.flink.agents.api.Event;
import org.apache.flink.agents.api.InputEvent;
import org.apache.flink.agents.api.OutputEvent;
import org.apache.flink.agents.api.agents.Agent;
import org.apache.flink.agents.api.annotation.Action;
import org.apache.flink.agents.api.context.MemoryObject;
import org.apache.flink.agents.api.context.RunnerContext;

/** Writes its memory, makes a call, and reads its memory again. */
public class AskingAgent extends Agent {
  @Action(listenEvents = {InputEvent.class})
  public static void ask(Event event, RunnerContext context) throws Exception {
    Object input = ((InputEvent) event).getInput();
    MemoryObject memory = context.getShortTermMemory();
    int visits = memory.isExist("visits") ? (int) memory.get("visits").getValue() : 0;
    memory.set("visits", visits + 1);
    memory.set("question", "question " + input);

    String answer = Calls.answer(context, input.toString());

    Object question = context.getShortTermMemory().get("question").getValue();
    Object seen = context.getShortTermMemory().get("visits").getValue();
    context.sendEvent(new OutputEvent(question + ", " + answer + ", visit " + seen));
  }

  static String output(long number) {
    return "question " + number + ", answer to " + number + ", visit 1";
  }
}
