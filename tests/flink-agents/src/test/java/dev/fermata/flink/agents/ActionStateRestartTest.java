// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import static java.util.stream.Collectors.toList;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.flink.agents.api.Event;
import org.apache.flink.agents.api.InputEvent;
import org.apache.flink.agents.api.OutputEvent;
import org.apache.flink.agents.api.agents.Agent;
import org.apache.flink.agents.api.annotation.Action;
import org.apache.flink.agents.api.context.RunnerContext;
import org.apache.flink.api.common.JobID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A job with Fermata's journal as its store of action states that goes on in another JVM. */
class ActionStateRestartTest {
  private static final int INPUTS = 20;
  private static final int KILLED = 137;

  @TempDir private Path folder;

  @Test
  void anotherJvmMakesNoCallAgainThatAnActionHasSeen() throws Exception {
    JobID job = new JobID();
    String first = run(job, true, KILLED);
    Set<String> seen = lines("SEEN", first);
    assertThat(seen).hasSize(INPUTS);

    String second = run(job, false, 0);

    assertThat(lines("MADE", second))
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, INPUTS).mapToObj(input -> "second " + input).collect(toList()));
    assertThat(lines("OUTPUT", second)).hasSize(INPUTS);
  }

  private String run(JobID job, boolean halts, int status) throws Exception {
    return new AgentProcess()
        .withJavaAgent()
        .with("-Djournal=" + folder)
        .with("-Djob=" + job)
        .with("-Dhalts=" + halts)
        .run(Job.class, status);
  }

  private static Set<String> lines(String kind, String output) {
    return Pattern.compile("^" + kind + " (.*)$", Pattern.MULTILINE)
        .matcher(output)
        .results()
        .map(line -> line.group(1))
        .collect(toSet());
  }

  /** The job, in a JVM of its own. */
  public static final class Job {
    private Job() {}

    /**
     * Runs the job to its end, or until the JVM ends without notice.
     *
     * @param arguments none
     * @throws Exception if it fails
     */
    public static void main(String[] arguments) throws Exception {
      new AgentJob(new TellingAgent(), INPUTS)
          .on("hashmap")
          .id(System.getProperty("job"))
          .with("actionStateStoreBackend", "fermata")
          .with("fermata.journal.folder", System.getProperty("journal"))
          .run()
          .forEach(output -> System.out.println("OUTPUT " + output));
      System.exit(0);
    }
  }

  /** Tells of each call that it makes, and of each first result that it has. */
  public static class TellingAgent extends Agent {
    private static final AtomicInteger FIRST = new AtomicInteger();

    @Action(listenEvents = {InputEvent.class})
    public static void ask(Event event, RunnerContext context) throws Exception {
      String input = ((InputEvent) event).getInput().toString();
      String first = Calls.call(context, () -> make("first " + input));
      System.out.println("SEEN " + first);
      if (FIRST.incrementAndGet() == INPUTS && Boolean.getBoolean("halts")) {
        Runtime.getRuntime().halt(KILLED);
      }
      context.sendEvent(
          new OutputEvent(first + ", " + Calls.call(context, () -> make("second " + input))));
    }

    private static String make(String call) throws InterruptedException {
      System.out.println("MADE " + call);
      if (call.startsWith("second") && Boolean.getBoolean("halts")) {
        // What is in progress when the JVM ends is no part of what is counted.
        new CountDownLatch(1).await();
      }
      return call;
    }
  }
}
