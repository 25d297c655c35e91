// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
package dev.fermata.flink.agents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fermata.ActionAbortedError;
import java.io.IOException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.flink.agents.api.Event;
import org.apache.flink.agents.api.InputEvent;
import org.apache.flink.agents.api.OutputEvent;
import org.apache.flink.agents.api.agents.Agent;
import org.apache.flink.agents.api.annotation.Action;
import org.apache.flink.agents.api.context.RunnerContext;
import org.apache.flink.core.execution.JobClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls that fail, jobs that fail, and jobs that are cancelled. */
class AgentFailureTest {
  private static final int EVENTS = 20;

  @Test
  void anActionCatchesWhatItsCallThrows() throws Exception {
    List<String> outputs = new AgentJob(new CatchingAgent(), 3).on("hashmap").run();

    assertThat(outputs).hasSize(3).containsOnly("java.io.IOException: no answer, memory kept");
  }

  @ParameterizedTest
  @ValueSource(strings = {"exception", "error"})
  void whatAnActionThrowsFailsTheJob(String kind) {
    ThrowingAgent.error = kind.equals("error");

    assertThatThrownBy(() -> new AgentJob(new ThrowingAgent(), 1).on("hashmap").run())
        .hasStackTraceContaining("no answer at all");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hashmap", "rocksdb"})
  void actionsThatWereSuspendedInACheckpointRunAgainAfterAFailure(String backend) throws Exception {
    FailingOnceAgent.fail = new CountDownLatch(1);

    List<String> outputs =
        new AgentJob(new FailingOnceAgent(), EVENTS)
            .on(backend)
            .restarts(1)
            .runThroughCheckpoint(FailingOnceAgent.fail);

    assertThat(outputs).containsExactlyInAnyOrderElementsOf(AgentOverlapTest.expected(EVENTS));
    assertThat(Calls.begun()).isEqualTo(2 * EVENTS);
  }

  @Test
  void cancellingAJobAbortsAllItsActionsAndEndsAllThreads() throws Exception {
    int many = 500;
    PatientAgent.begun = new CountDownLatch(many);
    PatientAgent.interrupted = new CountDownLatch(many);
    PatientAgent.ended = new CountDownLatch(many);
    PatientAgent.THROWN.clear();
    CapturedLog log = CapturedLog.of("dev.fermata");
    JobClient job = new AgentJob(new PatientAgent(), many).on("hashmap").threads(many).start();
    AgentJob.await(PatientAgent.begun);

    job.cancel().get();

    assertThatThrownBy(() -> job.getJobExecutionResult().get())
        .hasStackTraceContaining("JobCancellationException");
    AgentJob.await(PatientAgent.interrupted);
    AgentJob.await(PatientAgent.ended);
    assertThat(log.close()).noneMatch(line -> line.startsWith("WARN"));
    // Not an Exception, which upstream would record as the result of the call.
    assertThat(PatientAgent.THROWN).hasSize(many).allMatch(ActionAbortedError.class::isInstance);
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().matches("(flink-agents|fermata)-.*")) {
        thread.join(TimeUnit.SECONDS.toMillis(30));
        assertThat(thread.isAlive()).as(thread.getName()).isFalse();
      }
    }
  }

  /** Outputs the exception of its call. */
  public static class CatchingAgent extends Agent {
    @Action(listenEvents = {InputEvent.class})
    public static void ask(Event event, RunnerContext context) throws Exception {
      context.getShortTermMemory().set("before", "memory kept");
      try {
        Calls.call(
            context,
            () -> {
              throw new IOException("no answer");
            });
      } catch (IOException expected) {
        Object before = context.getShortTermMemory().get("before").getValue();
        context.sendEvent(new OutputEvent(expected + ", " + before));
      }
    }
  }

  /** Does not catch what its call throws. */
  public static class ThrowingAgent extends Agent {
    static volatile boolean error;

    @Action(listenEvents = {InputEvent.class})
    public static void ask(Event event, RunnerContext context) throws Exception {
      Calls.call(
          context,
          () -> {
            if (error) {
              throw new AssertionError("no answer at all");
            }
            throw new IOException("no answer at all");
          });
    }
  }

  /** All its calls wait, then fail, and are answered after the restart. */
  public static class FailingOnceAgent extends AskingAgent {
    static volatile CountDownLatch fail;

    @Action(listenEvents = {InputEvent.class})
    public static void ask(Event event, RunnerContext context) throws Exception {
      if (fail.getCount() > 0) {
        context.getShortTermMemory().set("visits", 41);
        Calls.call(context, FailingOnceAgent::failLater);
      }
      AskingAgent.ask(event, context);
    }

    private static String failLater() throws Exception {
      Calls.begin();
      AgentJob.await(fail);
      throw new IOException("induced failure");
    }
  }

  /** Its calls end when they are interrupted. */
  public static class PatientAgent extends Agent {
    static final Queue<Throwable> THROWN = new ConcurrentLinkedQueue<>();
    static volatile CountDownLatch begun;
    static volatile CountDownLatch interrupted;
    static volatile CountDownLatch ended;

    @Action(listenEvents = {InputEvent.class})
    public static void ask(Event event, RunnerContext context) throws Exception {
      try {
        Calls.call(context, PatientAgent::waitForever);
      } catch (Throwable thrown) {
        THROWN.add(thrown);
        throw thrown;
      } finally {
        ended.countDown();
      }
    }

    private static String waitForever() throws InterruptedException {
      begun.countDown();
      try {
        new CountDownLatch(1).await();
        return "";
      } catch (InterruptedException expected) {
        interrupted.countDown();
        throw expected;
      }
    }
  }
}
