// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.durable;

import dev.fermata.ActionLoop;
import dev.fermata.journal.Journal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A program that runs its actions to their end, whatever an earlier process left of them, and tells
 * of each call that it makes, of each outcome that an action got, and of each result. Its argument
 * is the folder of the journal.
 */
public final class DurableProcess {
  static final int ACTIONS = 20;
  static final int CALLS = 8;

  private DurableProcess() {}

  public static void main(String[] arguments) {
    try (Journal journal = Journal.open(Path.of(arguments[0]));
        ActionLoop loop = ActionLoop.builder().build()) {
      DurableActions actions =
          DurableActions.over(journal, DurableOptions.builder().forgetOnReturn(false).build());
      List<CompletableFuture<String>> results = new ArrayList<>();
      for (int i = 0; i < ACTIONS; i++) {
        results.add(actions.start(loop, "action-" + i, i, DurableProcess::run));
      }
      for (int i = 0; i < ACTIONS; i++) {
        System.out.println("RESULT action-" + i + " " + results.get(i).join());
      }
      System.out.println("END");
    }
  }

  private static String run(DurableContext context) throws Exception {
    StringBuilder result = new StringBuilder();
    for (int i = 0; i < CALLS; i++) {
      String call = context.actionId() + "/" + i;
      result.append(
          context.call(
              "call",
              String.class,
              () -> {
                System.out.println("MADE " + call);
                return "r" + call.hashCode();
              },
              i));
      System.out.println("GOT " + call);
    }
    return result.toString();
  }
}
