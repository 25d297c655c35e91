// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
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
import java.util.function.Function;
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
          .contains("after a checkpoint, " + backend + ": failed true, made again [], right true")
          .contains("parts before one, " + backend + ": failed true, made again [], right true")
          .contains("parts after one, " + backend + ": failed true, made again [], right true");
    }
    assertThat(output)
        .contains("which needs fermata.journal.folder")
        .contains("fermata.journal.folder must be the absolute path")
        .contains("but is s3://bucket/journals");
    // The second attempt took over, and dropped what its checkpoints made needless.
    try (Stream<Path> files = Files.walk(folder)) {
      assertThat(files.filter(file -> file.toString().matches(".*-groups-[^/]*")))
          .as("journals, of eight jobs")
          .hasSize(8);
    }
  }

  @Test
  void anOperatorThatIsNotKnownGoesOnWithoutTheJournal() {
    Object unknown = new Object();

    assertThatCode(
            () -> {
              ActionStateStores.initialize(unknown);
              ActionStateStores.snapshot(unknown, null);
              ActionStateStores.completed(unknown, 1);
              ActionStateStores.connect(unknown, record -> {});
            })
        .doesNotThrowAnyException();
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
    private static final Function<Integer, Stream<String>> WHOLE =
        number -> Stream.of(number + ": first " + number + ", second " + number);
    private static final Function<Integer, Stream<String>> PARTS =
        number ->
            Stream.of(
                number + ".1: only " + number + ".1",
                number + ".2: first " + number + ".2, second " + number + ".2");

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
        print("before a checkpoint, " + backend, WHOLE, job(backend).restarts(1).run());

        CountDownLatch calls = new CountDownLatch(1);
        TwoCallsAgent.reset(false, calls);
        print(
            "after a checkpoint, " + backend,
            WHOLE,
            job(backend).restarts(1).runThroughCheckpoint(calls, EVENTS));

        TwoCallsAgent.reset(true, new CountDownLatch(0));
        print("parts before one, " + backend, PARTS, parts(backend).restarts(1).run());

        CountDownLatch secondParts = new CountDownLatch(1);
        TwoCallsAgent.reset(false, secondParts);
        print(
            "parts after one, " + backend,
            PARTS,
            parts(backend).restarts(1).runThroughCheckpoint(secondParts, 2 * EVENTS));
      }
      AgentJob withoutFolder = new AgentJob(new AskingAgent(), 1).on("hashmap");
      printFailure(withoutFolder.with("actionStateStoreBackend", "fermata"));
      printFailure(withoutFolder.with("fermata.journal.folder", "s3://bucket/journals"));
      System.exit(0);
    }

    private static void printFailure(AgentJob job) {
      try {
        job.run();
      } catch (Exception expected) {
        expected.printStackTrace(System.out);
      }
    }

    private static AgentJob job(String backend) {
      return ActionStateTest.job(
          new TwoCallsAgent(), EVENTS, Path.of(System.getProperty("journal")), backend);
    }

    private static AgentJob parts(String backend) {
      Path folder = Path.of(System.getProperty("journal"));
      return ActionStateTest.job(new PartsAgent(), EVENTS, folder, backend)
          .with("fermata.journal.folder", folder.toUri().toString());
    }

    private static void print(
        String name, Function<Integer, Stream<String>> outputsOf, List<String> outputs) {
      Set<String> expected =
          Stream.iterate(0, number -> number + 1)
              .limit(EVENTS)
              .flatMap(outputsOf)
              .collect(Collectors.toSet());
      System.out.println(
          name
              + ": failed "
              + TwoCallsAgent.failed.get()
              + ", made again "
              + TwoCallsAgent.MADE_AGAIN
              + ", right "
              + expected.equals(Set.copyOf(outputs)));
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
      askTwice(((InputEvent) event).getInput().toString(), context);
    }

    static void askTwice(String input, RunnerContext context) throws Exception {
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

  /** Sends two events of one class for each input, which differ in their fields alone. */
  public static class PartsAgent extends Agent {
    @Action(listenEvents = {InputEvent.class})
    public static void split(Event event, RunnerContext context) {
      String input = ((InputEvent) event).getInput().toString();
      context.sendEvent(new Part(input + ".1"));
      context.sendEvent(new Part(input + ".2"));
    }

    @Action(listenEvents = {Part.class})
    public static void answer(Event event, RunnerContext context) throws Exception {
      String name = ((Part) event).getName();
      if (name.endsWith(".2")) {
        TwoCallsAgent.askTwice(name, context);
        return;
      }
      String only = TwoCallsAgent.see(context, "only " + name, () -> "only " + name);
      context.sendEvent(new OutputEvent(name + ": " + only));
    }
  }

  /** A part of an input. */
  public static class Part extends Event {
    private String name;

    /** For Jackson. */
    public Part() {}

    Part(String name) {
      this.name = name;
    }

    public String getName() {
      return name;
    }

    public void setName(String newName) {
      name = newName;
    }
  }
}
