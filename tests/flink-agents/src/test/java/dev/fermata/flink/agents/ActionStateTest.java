// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.agents.api.Event;
import org.apache.flink.agents.api.InputEvent;
import org.apache.flink.agents.api.OutputEvent;
import org.apache.flink.agents.api.agents.Agent;
import org.apache.flink.agents.api.annotation.Action;
import org.apache.flink.agents.api.context.RunnerContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Fermata's journal as the store of action states of the real operator, which takes the {@code
 * -javaagent}: a JVM of its own runs the jobs.
 */
class ActionStateTest {
  private static final int EVENTS = 20;

  @TempDir private Path folder;

  @Test
  void noCallIsRepeatedThatAnActionHasSeen() throws Exception {
    String output =
        new AgentProcess().withJavaAgent().with("-Djournal=" + folder).run(FailingJobs.class, 0);

    for (String backend : List.of("hashmap", "rocksdb")) {
      assertThat(output)
          .contains("before a checkpoint, " + backend + ": failed true, made again [], right true")
          .contains("after a checkpoint, " + backend + ": failed true, made again [], right true");
    }
    assertThat(output).contains("which needs fermata.journal.folder");
    // The second attempt took over, and dropped what its checkpoints made needless.
    try (Stream<Path> files = Files.walk(folder)) {
      assertThat(files.filter(file -> file.toString().matches(".*-groups-[^/]*")))
          .as("journals, of four jobs")
          .hasSize(4);
    }
  }

  @Test
  void withoutTheJavaAgentAJobThatChoosesTheJournalFails() {
    assertThatThrownBy(() -> job(new AskingAgent(), 1, folder, "hashmap").run())
        .hasStackTraceContaining("actionStateStoreBackend is 'fermata'")
        .hasStackTraceContaining("-javaagent:");
  }

  private static AgentJob job(Agent agent, int inputs, Path folder, String backend) {
    return new AgentJob(agent, inputs)
        .on(backend)
        .with("actionStateStoreBackend", "fermata")
        .with("fermata.journal.folder", folder.toString());
  }

  /** Jobs that fail once and are restored. */
  public static final class FailingJobs {
    private FailingJobs() {}

    /**
     * Runs them, each on both state backends, and one that lacks an option.
     *
     * @param arguments none
     * @throws Exception if one does not come to its end
     */
    public static void main(String[] arguments) throws Exception {
      for (String backend : List.of("hashmap", "rocksdb")) {
        TwoCallsAgent.reset(true, new CountDownLatch(0));
        print("before a checkpoint, " + backend, job(backend).restarts(1).run());

        CountDownLatch calls = new CountDownLatch(1);
        TwoCallsAgent.reset(false, calls);
        print(
            "after a checkpoint, " + backend, job(backend).restarts(1).runThroughCheckpoint(calls));
      }
      try {
        new AgentJob(new AskingAgent(), 1)
            .on("hashmap")
            .with("actionStateStoreBackend", "fermata")
            .run();
      } catch (Exception expected) {
        expected.printStackTrace(System.out);
      }
      System.exit(0);
    }

    private static AgentJob job(String backend) {
      return ActionStateTest.job(
          new TwoCallsAgent(), EVENTS, Path.of(System.getProperty("journal")), backend);
    }

    private static void print(String name, List<String> outputs) {
      Set<String> expected =
          Stream.iterate(0, number -> number + 1)
              .limit(EVENTS)
              .map(number -> number + ": first " + number + ", second " + number)
              .collect(Collectors.toSet());
      System.out.println(
          name
              + ": failed "
              + TwoCallsAgent.failed.get()
              + ", made again "
              + TwoCallsAgent.MADE_AGAIN
              + ", right "
              + (outputs.size() == EVENTS && expected.equals(Set.copyOf(outputs))));
    }
  }

  /** Each action makes two calls; once, one throws when all have seen the result of a call. */
  public static class TwoCallsAgent extends Agent {
    static final Set<String> MADE_AGAIN = ConcurrentHashMap.newKeySet();
    static final AtomicBoolean failed = new AtomicBoolean();
    private static final Set<String> SEEN = ConcurrentHashMap.newKeySet();
    private static final AtomicInteger SEEN_FIRST = new AtomicInteger();
    private static volatile boolean failsAfterFirst;
    private static volatile CountDownLatch second;

    /** Before a job: whether it fails after first calls, and what second ones wait for. */
    static void reset(boolean afterFirst, CountDownLatch secondCalls) {
      MADE_AGAIN.clear();
      SEEN.clear();
      SEEN_FIRST.set(0);
      failed.set(false);
      failsAfterFirst = afterFirst;
      second = secondCalls;
      Calls.reset(0);
    }

    @Action(listenEvents = {InputEvent.class})
    public static void ask(Event event, RunnerContext context) throws Exception {
      String input = ((InputEvent) event).getInput().toString();
      String first = see(context, "first " + input, () -> "first " + input);
      if (SEEN_FIRST.incrementAndGet() == EVENTS && failsAfterFirst) {
        fail();
      }
      String answer = see(context, "second " + input, () -> secondCall(input));
      if (!failsAfterFirst) {
        fail();
      }
      context.sendEvent(new OutputEvent(input + ": " + first + ", " + answer));
    }

    private static String secondCall(String input) throws Exception {
      Calls.begin();
      if (failsAfterFirst && !failed.get()) {
        // What is in progress when the job fails is no part of what is counted.
        new CountDownLatch(1).await();
      }
      AgentJob.await(second);
      return "second " + input;
    }

    private static String see(RunnerContext context, String call, Callable<String> code)
        throws Exception {
      String result =
          Calls.call(
              context,
              () -> {
                if (SEEN.contains(call)) {
                  MADE_AGAIN.add(call);
                }
                return code.call();
              });
      SEEN.add(call);
      return result;
    }

    private static void fail() {
      if (failed.compareAndSet(false, true)) {
        throw new IllegalStateException("induced failure");
      }
    }
  }
}
